//! Paths in JSON, which contains only text: a path that is not text is written a second time, exactly.
//!
//! `"output": "caf\u{FFFD}.mp4", "output_bytes": "caf%E9.mp4"`: where a path is not UTF-8, a second key, which ends in
//! `_bytes`, has its bytes in the percent-encoding of URIs (RFC 3986, 2.1), as `urllib.parse.unquote_to_bytes` of Python reads
//! it. All other paths have the first key only, which is exact then.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// Puts `path` into the JSON object `object`.
pub(crate) fn put_path(object: &mut Value, key: &str, path: &Path) {
    object[key] = path.to_string_lossy().into();
    if let Some(bytes) = exact_bytes(path) {
        object[format!("{key}_bytes")] = bytes.into();
    }
}

/// The bytes of `path`, percent-encoded; `None` if it is UTF-8. (The bytes are those of WTF-8 on Windows.)
pub(crate) fn exact_bytes(path: &Path) -> Option<String> {
    if path.to_str().is_some() {
        return None;
    }
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_path_that_is_no_text_is_there_twice() {
        use std::os::unix::ffi::OsStrExt;
        let mut object = serde_json::json!({});
        put_path(&mut object, "song", Path::new("a b%.mid"));
        put_path(&mut object, "output", Path::new(std::ffi::OsStr::from_bytes(b"/a b/\xE9%\xC5\x82.mp4")));
        let expected = serde_json::json!({
            "song": "a b%.mid",
            "output": "/a b/\u{FFFD}%ł.mp4",
            "output_bytes": "/a%20b/%E9%25%C5%82.mp4",
        });
        assert_eq!(object, expected);
    }
}
