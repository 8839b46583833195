use std::sync::Arc;
use strikeline::scene::Scene;
use strikeline::scene::highway::hits::*;
use strikeline::scene::highway::*;
use strikeline::stream::*;
use strikeline::timing::*;
fn main() {
    let colors = [
        [255u8, 214, 10],
        [255, 69, 58],
        [10, 132, 255],
        [48, 209, 88],
        [191, 90, 242],
        [100, 210, 255],
        [255, 159, 10],
    ];
    let lanes: Vec<_> = colors.iter().map(|&color| LaneStyle { color }).collect();
    let mut hits = vec![];
    for i in 0..2400i64 {
        let t = Time::from_nanos(i * 125_000_000);
        if i % 4 == 0 {
            hits.push(Hit { time: t, place: Place::Kick, velocity: 100, color: [255, 140, 40] });
        }
        hits.push(Hit {
            time: t,
            place: Place::Lane(0),
            velocity: 40 + (i % 4 * 25) as u8,
            color: colors[0],
        });
        if i % 4 == 2 {
            hits.push(Hit { time: t, place: Place::Lane(1), velocity: 120, color: colors[1] });
        }
        if i % 16 > 11 {
            let l = (i % 5 + 2) as usize;
            hits.push(Hit { time: t, place: Place::Lane(l), velocity: 90, color: colors[l] });
        }
    }
    let size: strikeline::picture::PictureSize =
        std::env::args().nth(1).unwrap_or("1080p".into()).parse().unwrap();
    let rate = FrameRate::new(60, 1).unwrap();
    let mut scene = Highway::new(HighwayContent { lanes, hits }, &HighwayOptions::default(), size, rate);
    println!("{:?} start {:?}", scene.motion(), scene.start());
    let gpu = strikeline::gpu::Gpu::open(&Default::default()).unwrap();
    let px = strikeline::scene::still::render_still(&gpu, &mut scene, size, rate, FrameIndex(420)).unwrap();
    let f = std::fs::File::create("/tmp/still.png").unwrap();
    let mut e = png::Encoder::new(f, size.width(), size.height());
    e.set_color(png::ColorType::Rgba);
    e.write_header().unwrap().write_image_data(&px).unwrap();
    let mut o = StreamOptions::new(size, rate, 1200, Arc::new(strikeline::encode::null::NullEncoder));
    if let Some(d) = std::env::args().nth(2) {
        o.spread.ring_depth = d.parse().unwrap();
    }
    let mut sink = sink::NullSink::default();
    let r = stream(&mut scene as &mut dyn Scene, &o, &mut sink, &mut |_| {}).unwrap();
    println!(
        "{} fps, cpu {:.2} ms/frame",
        r.frames as f64 / r.wall.as_secs_f64(),
        r.cpu.as_secs_f64() * 1e3 / r.frames as f64
    );
    for s in Stage::ALL {
        println!("{s:9} {:?} {:.2}", r.stages.of(s), r.stages.occupancy(s));
    }
}
