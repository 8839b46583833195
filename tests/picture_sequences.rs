//! Sequences of pictures.
