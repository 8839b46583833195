//! The scenes: pictures of the kinds that programs stream, made by shaders, the same in every run.

mod cuts;
mod interface;
mod shader_scene;
mod surface;

#[expect(dead_code, reason = "its main function")]
#[path = "../../custom_scene.rs"]
mod custom_scene;

use wgpu_video::scene::Scene;

use cuts::Cuts;
use interface::Interface;
use shader_scene::{Draw, Over, Painting, ShaderScene};

/// A scene that can be asked for.
pub(crate) struct TestScene {
    /// Name of the scene and of its file.
    pub(crate) name: &'static str,
    /// What it shows, for the help.
    pub(crate) about: &'static str,
    make: fn() -> Box<dyn Scene>,
}

impl TestScene {
    /// The scene, not yet prepared.
    pub(crate) fn make(&self) -> Box<dyn Scene> {
        (self.make)()
    }
}

/// All scenes.
pub(crate) static ALL: [TestScene; 8] = [
    TestScene {
        name: "rings",
        about: "rings of colour that change everywhere (examples/custom_scene.rs)",
        make: || Box::new(custom_scene::Rings::default()),
    },
    TestScene { name: "model", about: "a lit model that turns, with a depth buffer", make: || MODEL.boxed() },
    TestScene { name: "terrain", about: "mountains that are flown over", make: || TERRAIN.boxed() },
    TestScene { name: "particles", about: "fireworks of 10,000 sparks", make: || PARTICLES.boxed() },
    TestScene {
        name: "interface",
        about: "scrolled text, windows that are moved, fades",
        make: || Box::new(Interface::default()),
    },
    TestScene {
        name: "film",
        about: "a pan over a landscape, with the grain of film",
        make: || FILM.boxed(),
    },
    TestScene { name: "plasma", about: "smooth gradients", make: || PLASMA.boxed() },
    TestScene { name: "cuts", about: "another of these scenes every second", make: cuts },
];

const MODEL: ShaderScene = ShaderScene {
    label: "model",
    shader: include_str!("model.wgsl"),
    painting: None,
    draws: &[
        Draw::everywhere("room"),
        // A strip for each of AROUND, along the whole knot.
        Draw { vertex: "tube", fragment: "metal", vertices: 1202, instances: 64, over: Over::Nearer },
    ],
    samples: 4,
};

const TERRAIN: ShaderScene = ShaderScene {
    label: "terrain",
    shader: include_str!("terrain.wgsl"),
    painting: None,
    draws: &[
        Draw::everywhere("sky"),
        // A strip for each of ROWS, across all COLUMNS.
        Draw { vertex: "land", fragment: "land_color", vertices: 842, instances: 480, over: Over::Nearer },
    ],
    samples: 4,
};

const PARTICLES: ShaderScene = ShaderScene {
    label: "particles",
    shader: include_str!("particles.wgsl"),
    painting: None,
    draws: &[
        Draw::everywhere("night"),
        Draw { vertex: "spark", fragment: "glow", vertices: 4, instances: 10_000, over: Over::Add },
    ],
    samples: 1,
};

const FILM: ShaderScene = ShaderScene {
    label: "film",
    shader: include_str!("film.wgsl"),
    // PAINTING in film.wgsl.
    painting: Some(Painting { fragment: "painted", scale: [1.6, 1.1] }),
    draws: &[Draw::everywhere("projected_film")],
    samples: 1,
};

const PLASMA: ShaderScene = ShaderScene {
    label: "plasma",
    shader: include_str!("plasma.wgsl"),
    painting: None,
    draws: &[Draw::everywhere("plasma")],
    samples: 1,
};

fn cuts() -> Box<dyn Scene> {
    let scenes =
        vec![FILM.boxed(), MODEL.boxed(), Box::new(Interface::default()), TERRAIN.boxed(), PARTICLES.boxed()];
    Box::new(Cuts { scenes, frame_rate: None, shown: 0 })
}
