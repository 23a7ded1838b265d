//! "Cryptographic functions": digests as lower-case hexadecimal digits.

use std::borrow::Cow;
use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::functions::eval::args::{of_text, returns_text_each};
use crate::functions::{Body, EvalFunction, Group, Outcome};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "md5",
        synopsis: "md5(<str>)",
        doc: "MD5 digest of the text.",
        example: ("md5(\"\")", "d41d8cd98f00b204e9800998ecf8427e"),
        body: Body::Values(|_, args| digest::<Md5>(args)),
        ..ROW
    },
    EvalFunction {
        name: "sha1",
        synopsis: "sha1(<str>)",
        doc: "SHA-1 digest of the text.",
        example: ("sha1(\"\")", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        body: Body::Values(|_, args| digest::<Sha1>(args)),
        ..ROW
    },
    EvalFunction {
        name: "sha256",
        synopsis: "sha256(<str>)",
        doc: "SHA-256 digest of the text.",
        example: (
            "sha256(\"\")",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        body: Body::Values(|_, args| digest::<Sha256>(args)),
        ..ROW
    },
    EvalFunction {
        name: "sha512",
        synopsis: "sha512(<str>)",
        doc: "SHA-512 digest of the text.",
        example: ("substr(sha512(\"\"), 1, 16)", "cf83e1357eefb8bd"),
        body: Body::Values(|_, args| digest::<Sha512>(args)),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_text_each,
    ..EvalFunction::under(Group::Cryptographic)
};

fn digest<'a, D: Digest>(args: &[Value<'a>]) -> Outcome<'a> {
    of_text(&args[0], |text| {
        let mut hex = String::with_capacity(128);
        for byte in D::digest(text.as_bytes()) {
            // Writing to a `String` never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        Ok(Cow::Owned(hex))
    })
}
