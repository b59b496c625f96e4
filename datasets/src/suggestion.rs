//! "Did you mean …?"

/// The known name that is nearest to a misspelt one, if one is near.
///
/// Near is an edit distance (insertions, deletions and replacements, ignoring case) of at most a third of the name.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = given.to_lowercase().chars().take(64).collect();
    known
        .into_iter()
        .map(|name| (edit_distance(&given, &name.to_lowercase().chars().take(64).collect::<Vec<_>>()), name))
        .filter(|&(distance, name)| distance <= name.chars().count().div_ceil(3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

fn edit_distance(a: &[char], b: &[char]) -> usize {
    // `distances[j]` is the distance between the part of `a` seen so far and the first j letters of `b`.
    let mut distances: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut diagonal = i;
        distances[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = distances[j + 1];
            distances[j + 1] = replaced.min(diagonal + 1).min(distances[j] + 1);
        }
    }
    distances[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["auto", "mnist", "fashion-mnist", "synthetic"];
        assert_eq!(nearest("mnits", known), Some("mnist"));
        assert_eq!(nearest("MNIST", known), Some("mnist"));
        assert_eq!(nearest("fashion_mnist", known), Some("fashion-mnist"));
        assert_eq!(nearest("syntetic", known), Some("synthetic"));
    }

    #[test]
    fn another_word_has_no_neighbour() {
        assert_eq!(nearest("cifar10", ["auto", "mnist"]), None);
        assert_eq!(nearest("", ["mnist"]), None);
    }

    #[test]
    fn the_distance_counts_each_kind_of_edit() {
        let distance =
            |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
