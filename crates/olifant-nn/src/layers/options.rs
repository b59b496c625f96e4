//! The methods that set a layer's options.

/// Writes the builder methods that are listed where it is called: `name(given: Type) => value;` is `pub fn name`, which sets the field `name`.
///
/// With `in [part]`, the fields are those of a part of the layer.
macro_rules! options {
    (in $part:tt; $($(#[$documentation:meta])* $option:ident($given:ident: $Type:ty) => $value:expr;)*) => {
        $($crate::layers::options::options! { @method $part $(#[$documentation])* $option($given: $Type) => $value })*
    };
    (@method [$($part:ident).*] $(#[$documentation:meta])* $option:ident($given:ident: $Type:ty) => $value:expr) => {
        $(#[$documentation])*
        #[must_use]
        pub fn $option(mut self, $given: $Type) -> Self {
            self.$($part.)*$option = $value;
            self
        }
    };
    ($($options:tt)*) => {
        $crate::layers::options::options! { in []; $($options)* }
    };
}
pub(crate) use options;
