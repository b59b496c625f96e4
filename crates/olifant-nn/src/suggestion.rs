//! "Did you mean …?": the known name nearest to one that was mistyped.

/// The known name that `given` was probably meant to be, if one is near enough to be worth showing.
///
/// Near is: the same apart from case; or an abbreviation, by a beginning (`val_acc` for
/// `val_accuracy`) or by initials (`lr` for `learning_rate`); or at most one slip of the finger
/// (a letter missing, added, replaced, or swapped with its neighbour) in every three letters.
///
/// # Examples
///
/// ```
/// use olifant_nn::did_you_mean;
///
/// assert_eq!(did_you_mean("val_lsos", ["loss", "val_loss"]), Some("val_loss"));
/// assert_eq!(did_you_mean("weather", ["loss", "val_loss"]), None);
/// ```
#[doc(hidden)]
#[must_use]
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .filter_map(|name| slips(&given, &name.to_lowercase()).map(|slips| (slips, name)))
        .min_by_key(|&(slips, _)| slips)
        .map(|(_, name)| name)
}

/// The end of an error message about an unknown name: those there are, and the nearest of them.
///
/// # Examples
///
/// ```
/// use olifant_nn::known_names;
///
/// assert_eq!(known_names("acc", ["accuracy", "loss"]), "known: accuracy, loss; did you mean `accuracy`?");
/// assert_eq!(known_names("x", []), "there are none");
/// ```
#[doc(hidden)]
#[must_use]
pub fn known_names<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        return "there are none".to_owned();
    }
    let list = known.join(", ");
    match did_you_mean(given, known) {
        Some(name) => format!("known: {list}; did you mean `{name}`?"),
        None => format!("known: {list}"),
    }
}

/// How many slips turn `given` into `name`, or `None` if that is no likely mistake.
fn slips(given: &str, name: &str) -> Option<usize> {
    if given == name {
        return Some(0);
    }
    if is_abbreviation(given, name) {
        return Some(1);
    }
    let (given, name) = (Vec::from_iter(given.chars()), Vec::from_iter(name.chars()));
    let allowed = given.len().max(name.len()).div_ceil(3).min(5);
    // The table below is as large as the product of the lengths: names far apart do not pay for it.
    if given.len().abs_diff(name.len()) > allowed || given.len() > 100 {
        return None;
    }
    Some(edit_distance(&given, &name)).filter(|&slips| slips <= allowed && slips < name.len())
}

/// Whether `given` begins `name` or consists of the initials of its words.
fn is_abbreviation(given: &str, name: &str) -> bool {
    let letters = given.chars().count();
    let initials = || name.split(['_', '-', ' ']).filter_map(|word| word.chars().next());
    (letters >= 3 && name.starts_with(given)) || (letters >= 2 && given.chars().eq(initials()))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut above_previous = vec![0; b.len() + 1];
    let mut previous = Vec::from_iter(0..=b.len());
    let mut current = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        current[0] = i;
        for j in 1..=b.len() {
            let replaced = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            current[j] = replaced.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                current[j] = current[j].min(above_previous[j - 2] + 1);
            }
        }
        // The three rows rotate; the oldest becomes the one to overwrite.
        std::mem::swap(&mut above_previous, &mut previous);
        std::mem::swap(&mut previous, &mut current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGS: [&str; 5] = ["accuracy", "loss", "val_accuracy", "val_loss", "learning_rate"];

    #[test]
    fn slips_of_the_finger_are_forgiven() {
        for given in ["val_los", "val_losss", "val_lass", "val_olss", "Val_Loss"] {
            assert_eq!(did_you_mean(given, LOGS), Some("val_loss"), "{given}");
        }
    }

    #[test]
    fn abbreviations_are_understood() {
        assert_eq!(did_you_mean("acc", LOGS), Some("accuracy"));
        assert_eq!(did_you_mean("val_acc", LOGS), Some("val_accuracy"));
        assert_eq!(did_you_mean("lr", LOGS), Some("learning_rate"));
        assert_eq!(did_you_mean("mse", ["mean_squared_error"]), Some("mean_squared_error"));
    }

    #[test]
    fn strangers_are_not_suggested() {
        for given in ["", "a", "precision", "f1", "xxxx"] {
            assert_eq!(did_you_mean(given, LOGS), None, "{given}");
        }
        // Every letter replaced is another word, however short.
        assert_eq!(did_you_mean("x", ["y"]), None);
    }

    #[test]
    fn swapped_neighbours_count_as_one_slip() {
        let distance =
            |a: &str, b: &str| edit_distance(&Vec::from_iter(a.chars()), &Vec::from_iter(b.chars()));
        assert_eq!(distance("lsos", "loss"), 1);
        assert_eq!(distance("", "loss"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("loss", "loss"), 0);
    }

    #[test]
    fn an_endless_name_is_answered_at_once() {
        assert_eq!(did_you_mean(&"x".repeat(10_000_000), LOGS), None);
    }

    #[test]
    fn a_message_without_a_near_name_only_lists() {
        assert_eq!(known_names("f1", ["loss", "mae"]), "known: loss, mae");
    }
}
