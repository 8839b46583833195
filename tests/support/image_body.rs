//! Shows any bytes as a background and on an end card. The fuzz target and `tests/file_damage.rs` run it.

use std::path::Path;

use strikeline::highway::{EndCard, Highway, HighwayContent, HighwayOptions, Labels};
use strikeline_picture::{FrameRate, PictureSize};

/// Shows the image at `path`. Whether it is one.
pub(crate) fn run(path: &Path) -> bool {
    let plain =
        HighwayOptions { header: false, count_in: false, labels: Labels::Never, ..Default::default() };
    let mut behind = plain.clone();
    behind.theme.background.image = Some(path.to_owned());
    let end_card = HighwayOptions { end_card: Some(EndCard { image: path.to_owned() }), ..plain };
    let shown = [behind, end_card].map(|options| {
        let (Ok(size), Ok(rate)) = (PictureSize::new(96, 64), FrameRate::new(60, 1)) else { return false };
        match Highway::new(HighwayContent::default(), &options, size, rate) {
            Ok(_) => true,
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("the image"), "{text}");
                false
            }
        }
    });
    assert_eq!(shown[0], shown[1]);
    shown[0]
}
