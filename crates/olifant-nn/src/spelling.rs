//! What somebody may have meant.

/// The known name with the fewest changed, missing, added or exchanged letters, if that is at most a third of them.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|&known| (distance(name, known), known));
    let (distance, known) = distances.min_by_key(|&(distance, _)| distance)?;
    (3 * distance <= known.chars().count().max(3)).then_some(known)
}

/// How many letters must be changed, removed, added or exchanged with their neighbour.
///
/// Damerau (1964); each letter is touched once at most.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let change = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_missing_added_and_exchanged_letters_count_one_each() {
        for (name, expected) in [("tanh", 0), ("tanj", 1), ("tah", 1), ("tannh", 1), ("tnah", 1), ("relu", 4)]
        {
            assert_eq!(distance(name, "tanh"), expected, "{name}");
        }
    }

    #[test]
    fn nothing_is_suggested_for_another_word() {
        assert_eq!(nearest("softmx", &["softplus", "softmax"]), Some("softmax"));
        assert_eq!(nearest("perceptron", &["softplus", "softmax"]), None);
        assert_eq!(nearest("", &["relu"]), None);
    }
}
