//! The header of a `.npy` file: a Python dictionary, as text.
//!
//! ```text
//! 93 4e 55 4d 50 59      always: \x93NUMPY
//! 01 00                  version: 1.0, 2.0 or 3.0
//! 76 00                  length of the text that follows: u16 in version 1, u32 in versions 2 and 3, little-endian
//! {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }   blanks to a multiple of 64, a line break
//! …                      the numbers
//! ```

use crate::stored_number::{ByteOrder, Number, StoredNumber};

/// What the header says, checked against the length of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NpyHeader {
    /// Where the numbers begin.
    pub(super) start: usize,
    /// The length of each axis.
    pub(super) shape: Vec<usize>,
    pub(super) stored: StoredNumber,
}

const MAGIC: &[u8] = b"\x93NUMPY";

impl NpyHeader {
    /// Reads the header of a whole file, or says in words what is wrong with it.
    pub(super) fn read(file: &[u8]) -> Result<NpyHeader, String> {
        let (start, text) = text(file)?;
        let Dictionary { descr, fortran_order, shape } = Dictionary::parse(text)?;
        let stored = stored_number(descr)?;
        if fortran_order {
            return Err("it is stored in Fortran order, which scatters each sample over the file; save it again with \
                        numpy.ascontiguousarray"
                .to_owned());
        }
        // An axis of length 0 must not hide an overflow of the others.
        let mut nonzero = shape.iter().map(|&length| length.max(1));
        let fits = nonzero.try_fold(stored.size(), |size, length| size.checked_mul(length));
        let numbers = fits.filter(|&size| size <= isize::MAX as usize).ok_or_else(|| {
            format!(
                "its header announces the shape {shape:?}, more than memory can hold; the header is damaged"
            )
        })?;
        let expected = if shape.contains(&0) { 0 } else { numbers };
        let found = file.len() - start;
        if found != expected {
            return Err(format!(
                "expected {expected} bytes behind the header for the shape {shape:?}, found {found}; the file was cut \
                 short, or its header does not describe its contents"
            ));
        }
        Ok(NpyHeader { start, shape, stored })
    }
}

/// Where the numbers begin, and the text before them.
fn text(file: &[u8]) -> Result<(usize, &str), String> {
    let cut_short = || "it ends within its header; it was cut short".to_owned();
    let Some(rest) = file.strip_prefix(MAGIC) else {
        return Err(match file {
            [] => cut_short(),
            _ if MAGIC.starts_with(file) => cut_short(),
            [b'P', b'K', ..] => {
                "it is an archive (.npz); unpack it with unzip: each array is an .npy file".to_owned()
            }
            _ => format!(
                "expected it to begin with the bytes {MAGIC:02x?}, found {:02x?}; it is no .npy file, or a damaged one",
                &file[..file.len().min(MAGIC.len())]
            ),
        });
    };
    let (length, rest) = match *rest {
        [1, _, a, b, ref rest @ ..] => (usize::from(u16::from_le_bytes([a, b])), rest),
        [2 | 3, _, a, b, c, d, ref rest @ ..] => (u32::from_le_bytes([a, b, c, d]) as usize, rest),
        [] | [1..=3, ..] => return Err(cut_short()),
        [version, ..] => return Err(format!("expected version 1, 2 or 3 of the format, found {version}")),
    };
    let text = rest.get(..length).ok_or_else(cut_short)?;
    let text = str::from_utf8(text).map_err(|_| "its header is no text; it is damaged".to_owned())?;
    Ok((file.len() - rest.len() + length, text))
}

/// The type of number that NumPy means by `<f4`, `|u1` and the like.
fn stored_number(descr: &str) -> Result<StoredNumber, String> {
    let unknown = || {
        format!(
            "expected numbers of the type f4, f8, u1, u2, u4, u8, i1, i2, i4, i8 or b1, found {descr:?}; convert them \
             with astype"
        )
    };
    let number = match descr.get(1..) {
        Some("b1") => Number::Bool,
        Some("u1") => Number::U8,
        Some("u2") => Number::U16,
        Some("u4") => Number::U32,
        Some("u8") => Number::U64,
        Some("i1") => Number::I8,
        Some("i2") => Number::I16,
        Some("i4") => Number::I32,
        Some("i8") => Number::I64,
        Some("f4") => Number::F32,
        Some("f8") => Number::F64,
        _ => return Err(unknown()),
    };
    let one_byte = matches!(number, Number::Bool | Number::U8 | Number::I8);
    let order = match descr.as_bytes().first() {
        Some(b'<') => ByteOrder::Little,
        Some(b'>') => ByteOrder::Big,
        Some(b'|') if one_byte => ByteOrder::Little,
        _ => return Err(unknown()),
    };
    Ok(StoredNumber { number, order })
}

/// The three entries of the header.
struct Dictionary<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl<'a> Dictionary<'a> {
    fn parse(text: &'a str) -> Result<Dictionary<'a>, String> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut python = Python { rest: text };
        python.expect('{')?;
        while !python.take('}') {
            let key = python.string()?;
            python.expect(':')?;
            match key {
                "descr" if python.peek('[') => {
                    return Err(
                        "expected plain numbers, found records of several fields; save one field".to_owned()
                    );
                }
                "descr" => descr = Some(python.string()?),
                "fortran_order" => fortran_order = Some(python.truth()?),
                "shape" => shape = Some(python.tuple()?),
                _ => return Err(format!("its header has an unknown entry {key:?}")),
            }
            if !python.take(',') && !python.peek('}') {
                return Err(python.unexpected("a comma or the end"));
            }
        }
        if !python.rest.trim().is_empty() {
            return Err(python.unexpected("nothing behind the dictionary"));
        }
        let missing = |entry| format!("its header lacks the entry {entry:?}; it is damaged");
        Ok(Dictionary {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// As much of Python as stands in a header.
struct Python<'a> {
    rest: &'a str,
}

impl<'a> Python<'a> {
    fn peek(&mut self, symbol: char) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(symbol)
    }

    fn take(&mut self, symbol: char) -> bool {
        let is_next = self.peek(symbol);
        if is_next {
            self.rest = &self.rest[symbol.len_utf8()..];
        }
        is_next
    }

    fn expect(&mut self, symbol: char) -> Result<(), String> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected(&format!("{symbol:?}"))) }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        for quote in ['\'', '"'] {
            if self.take(quote) {
                let (string, rest) =
                    self.rest.split_once(quote).ok_or_else(|| self.unexpected("a closing quote"))?;
                self.rest = rest;
                return Ok(string);
            }
        }
        Err(self.unexpected("a word in quotes"))
    }

    fn truth(&mut self) -> Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, truth) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(truth);
            }
        }
        Err(self.unexpected("True or False"))
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        let mut numbers = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            self.rest = self.rest.trim_start();
            let digits = self.rest.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(self.rest.len());
            let (number, rest) = self.rest.split_at(digits);
            numbers.push(number.parse().map_err(|_| self.unexpected("the length of an axis"))?);
            // Python 2 wrote `3L`.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(',') && !self.peek(')') {
                return Err(self.unexpected("a comma or the end of the shape"));
            }
        }
        Ok(numbers)
    }

    fn unexpected(&self, expected: &str) -> String {
        let found: String = self.rest.trim().chars().take(20).collect();
        format!("its header is damaged: expected {expected}, found {found:?}")
    }
}
