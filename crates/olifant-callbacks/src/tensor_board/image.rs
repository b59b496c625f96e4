//! Weights as pictures.

use olifant_core::{Float, TensorView};
use olifant_train::CallbackError;
use png::{BitDepth, ColorType, Encoder, EncodingError};

/// No more pictures of a weight are shown.
const MAX_IMAGES: usize = 3;

/// Pictures of one size.
struct Images {
    height: usize,
    width: usize,
    color: ColorType,
    /// One picture behind the other, each row by row.
    pixels: Vec<Float>,
}

/// The pictures of a weight, as TensorBoard wants them: width, height, then the PNG files; nothing if it has none.
///
/// Axes of size one do not count. A weight with one axis is a column; a matrix lies on its longer side;
/// of a weight with three axes each slice along the last is a picture;
/// with four, it is a list of pictures if there are three or four channels. 0 is black and 1 is white.
pub(super) fn images(weight: TensorView<'_>) -> Result<Option<Vec<Vec<u8>>>, CallbackError> {
    let Some(images) = Images::new(weight) else { return Ok(None) };
    let mut strings = vec![images.width.to_string().into_bytes(), images.height.to_string().into_bytes()];
    let size = images.height * images.width * images.color.samples();
    for pixels in images.pixels.chunks(size).take(MAX_IMAGES) {
        let png = images.encode(pixels).map_err(|error| CallbackError::Other(error.into()))?;
        strings.push(png);
    }
    Ok(Some(strings))
}

impl Images {
    fn new(weight: TensorView<'_>) -> Option<Images> {
        let shape: Vec<usize> = weight.shape.axes().iter().copied().filter(|&axis| axis != 1).collect();
        let (height, width, color, pixels) = match shape[..] {
            [height] => (height, 1, ColorType::Grayscale, weight.data.to_vec()),
            [rows, columns] if rows > columns => {
                (columns, rows, ColorType::Grayscale, transposed(weight.data, columns))
            }
            [rows, columns] => (rows, columns, ColorType::Grayscale, weight.data.to_vec()),
            [height, width, count] => (height, width, ColorType::Grayscale, transposed(weight.data, count)),
            [_, height, width, 3] => (height, width, ColorType::Rgb, weight.data.to_vec()),
            [_, height, width, 4] => (height, width, ColorType::Rgba, weight.data.to_vec()),
            _ => return None,
        };
        Some(Images { height, width, color, pixels })
    }

    fn encode(&self, pixels: &[Float]) -> Result<Vec<u8>, EncodingError> {
        let mut png = Vec::new();
        let (width, height) = (u32::try_from(self.width), u32::try_from(self.height));
        // A side that does not fit is refused as zero is.
        let mut encoder = Encoder::new(&mut png, width.unwrap_or(0), height.unwrap_or(0));
        encoder.set_color(self.color);
        encoder.set_depth(BitDepth::Eight);
        // Cut off, as TensorFlow does it; what is no number is black.
        let bytes: Vec<u8> = pixels.iter().map(|&pixel| (pixel * 255.5) as u8).collect();
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&bytes)?;
        writer.finish()?;
        Ok(png)
    }
}

/// Rows of so many columns, column by column.
fn transposed(data: &[Float], columns: usize) -> Vec<Float> {
    (0..columns).flat_map(|column| data.iter().skip(column).step_by(columns).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use olifant_core::Shape;
    use serde_json::Value;

    fn numbers(array: &Value, of: &str) -> Vec<f64> {
        array[of].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    }

    /// Height, width, channels and the bytes.
    fn decoded(file: &[u8]) -> (Vec<f64>, Vec<f64>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let shape = [info.height as f64, info.width as f64, info.color_type.samples() as f64];
        (shape.to_vec(), bytes[..info.buffer_size()].iter().map(|&byte| f64::from(byte)).collect())
    }

    #[test]
    fn pictures_are_those_of_keras() {
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/keras/tensor_board.json")).unwrap();
        let cases: Vec<_> =
            golden["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "image").collect();
        assert_eq!(cases.len(), 13);
        for case in cases {
            let shape: Vec<usize> =
                numbers(&case["weight"], "shape").iter().map(|&axis| axis as usize).collect();
            let data: Vec<Float> =
                numbers(&case["weight"], "values").iter().map(|&value| value as Float).collect();
            let weight = TensorView { data: &data, shape: Shape::new(&shape).unwrap() };
            let strings = images(weight).unwrap().unwrap_or_default();
            let texts: Vec<_> = strings.iter().take(2).map(|text| str::from_utf8(text).unwrap()).collect();
            assert_eq!(serde_json::json!(texts), case["texts"], "{shape:?}");
            let ours: Vec<_> = strings.iter().skip(2).map(|file| decoded(file)).collect();
            let keras = case["images"].as_array().unwrap().iter();
            let keras: Vec<_> =
                keras.map(|image| (numbers(image, "shape"), numbers(image, "values"))).collect();
            assert_eq!(ours, keras, "{shape:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_black_and_what_is_too_large_white() {
        let data = [Float::NAN, Float::NEG_INFINITY, Float::INFINITY, 0.5];
        let strings = images(TensorView { data: &data, shape: Shape::from([4]) }).unwrap().unwrap();
        assert_eq!(decoded(&strings[2]).1, [0.0, 0.0, 255.0, 127.0]);
    }
}
