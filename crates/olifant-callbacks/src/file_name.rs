//! File names with fields to fill in: `{epoch:02d}-{val_loss:.2f}.olifant`.

use olifant_train::CallbackError;

use crate::format_spec::{FormatSpec, Number};

/// A file name with fields in Python's format syntax; `{{` and `}}` stand for braces themselves.
#[derive(Clone, Debug)]
pub(crate) struct FileName<'a> {
    template: &'a str,
    pieces: Vec<Piece<'a>>,
}

#[derive(Clone, Debug)]
enum Piece<'a> {
    Text(&'a str),
    /// `text` is the whole field without its braces.
    Field {
        text: &'a str,
        name: &'a str,
        spec: FormatSpec,
    },
}

impl<'a> FileName<'a> {
    /// Takes a template apart.
    pub(crate) fn parse(template: &'a str) -> Result<FileName<'a>, CallbackError> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some(brace) = rest.find(['{', '}']) {
            pieces.push(Piece::Text(&rest[..brace]));
            rest = &rest[brace..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                pieces.push(Piece::Text(&rest[..1]));
                rest = &rest[2..];
            } else {
                let (field, others) = (rest.strip_prefix('{').and_then(|field| field.split_once('}')))
                    .filter(|(field, _)| !field.contains('{'))
                    .ok_or_else(|| error(template, "in which each { has its } ({{ for the brace itself)"))?;
                pieces.push(Piece::field(field).ok_or_else(|| unknown_format(template, field))?);
                rest = others;
            }
        }
        pieces.push(Piece::Text(rest));
        Ok(FileName { template, pieces })
    }

    /// The names of the fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'a str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field { name, .. } => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// The name with the values of its fields.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> Option<Number>) -> Result<String, CallbackError> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field { text, name, spec } => {
                    let number = value(name).ok_or_else(|| missing(self.template, text))?;
                    filled += &spec.format(number).ok_or_else(|| unknown_format(self.template, text))?;
                }
            }
        }
        Ok(filled)
    }
}

impl<'a> Piece<'a> {
    fn field(text: &'a str) -> Option<Piece<'a>> {
        let (name, spec) = text.split_once(':').unwrap_or((text, ""));
        Some(Piece::Field { text, name, spec: FormatSpec::parse(spec)? })
    }
}

fn unknown_format(template: &str, field: &str) -> CallbackError {
    let expected = format!("with fields like {{epoch:02d}} and {{val_loss:.2f}} instead of {{{field}}}");
    error(template, &expected)
}

fn missing(template: &str, field: &str) -> CallbackError {
    let expected = format!("whose field {{{field}}} every epoch has in its logs, but this one has not");
    error(template, &expected)
}

fn error(template: &str, expected: &str) -> CallbackError {
    CallbackError::option("filepath", format!("a name {expected}"), format!("{template:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "epoch" => Some(Number::Integer(1)),
            "val_loss" => Some(Number::Float(2.0)),
            _ => None,
        };
        FileName::parse(template).and_then(|name| name.fill(value)).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_are_filled_in() {
        assert_eq!(fill("{epoch:02d}-{val_loss:.2f}.olifant").unwrap(), "01-2.00.olifant");
        assert_eq!(fill("a/{epoch}{epoch}").unwrap(), "a/11");
        assert_eq!(fill("plain.olifant").unwrap(), "plain.olifant");
        assert_eq!(fill("{{{epoch}}}-{{epoch}}-é").unwrap(), "{1}-{epoch}-é");
    }

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        for template in ["{epoch", "epoch}", "{epoch:{width}}", "{", "}"] {
            assert_eq!(
                fill(template).unwrap_err(),
                format!(
                    "filepath must be a name in which each {{ has its }} ({{{{ for the brace itself), but is {template:?}"
                )
            );
        }
        for (template, field) in [("{epoch:x}", "epoch:x"), ("{val_loss:02d}.h5", "val_loss:02d")] {
            assert_eq!(
                fill(template).unwrap_err(),
                format!(
                    "filepath must be a name with fields like {{epoch:02d}} and {{val_loss:.2f}} instead of {{{field}}}, but is {template:?}"
                )
            );
        }
        assert_eq!(
            fill("{val_mae:.2f}").unwrap_err(),
            "filepath must be a name whose field {val_mae:.2f} every epoch has in its logs, but this one has not, but is \"{val_mae:.2f}\""
        );
    }
}
