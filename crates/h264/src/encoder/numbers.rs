//! frame_num: how slice headers name reference pictures (ITU-T H.264, 7.4.3 and 8.2.4.1).

use crate::settings::ReferenceCount;

/// Counts reference pictures. Without B pictures those are all.
#[derive(Debug, Default)]
pub(super) struct ReferenceNumbers {
    /// Reference pictures so far: frame_num of the next picture.
    count: u32,
    /// Of the last I and P pictures, the newest first.
    anchors: [u32; ReferenceCount::MAX.get() as usize],
}

impl ReferenceNumbers {
    /// frame_num of the next picture.
    pub(super) fn next(&self) -> u32 {
        self.count
    }

    /// After a B picture that others are predicted from.
    pub(super) fn count(&mut self) {
        self.count = self.count.wrapping_add(1);
    }

    /// After an I or P picture.
    pub(super) fn anchor(&mut self) {
        self.anchors.rotate_right(1);
        self.anchors[0] = self.count;
        self.count();
    }

    /// For each of these I and P pictures, given by how many of them lie between it and the next picture: the same in reference pictures.
    pub(super) fn distances(&self, anchors: &[u32]) -> Vec<u32> {
        let number = |&back: &u32| (back as usize).checked_sub(1).and_then(|place| self.anchors.get(place));
        anchors.iter().filter_map(number).map(|number| self.count.wrapping_sub(*number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_pictures_that_others_are_predicted_from_count_between_p_pictures() {
        let mut numbers = ReferenceNumbers::default();
        (0..3).for_each(|_| numbers.anchor());
        assert_eq!((numbers.next(), numbers.distances(&[1, 3])), (3, vec![1, 3]));
        numbers.count();
        assert_eq!((numbers.next(), numbers.distances(&[1, 2])), (4, vec![2, 3]));
        numbers.anchor();
        assert_eq!(numbers.distances(&[1, 2]), [1, 3]);
    }
}
