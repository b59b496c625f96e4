//! The metrics of a model, and the names they have in the logs.

use std::fmt;

use olifant_core::Shape;
use olifant_nn::{BuildError, Metric, Objective};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use crate::FitError;

/// The metrics of a model: those that count all samples alike, and behind them those that weigh them.
///
/// In files it is a list, or two lists with names if there are metrics that weigh.
#[derive(Debug, Default)]
pub(crate) struct MetricList {
    metrics: Vec<Box<dyn Metric>>,
    /// How many count all samples alike.
    alike: usize,
    /// Each one's name in the logs.
    names: Vec<String>,
}

impl MetricList {
    /// Metrics that count all samples alike, and metrics that weigh them.
    pub(crate) fn new(mut metrics: Vec<Box<dyn Metric>>, weighted: Vec<Box<dyn Metric>>) -> MetricList {
        let alike = metrics.len();
        metrics.extend(weighted);
        let mut names = Vec::new();
        for (position, metric) in metrics.iter().enumerate() {
            let name = unique_name(metric.name(), position >= alike, &names);
            names.push(name);
        }
        MetricList { metrics, alike, names }
    }

    /// The same with others that weigh samples.
    pub(crate) fn with_weighted(mut self, weighted: Vec<Box<dyn Metric>>) -> MetricList {
        self.metrics.truncate(self.alike);
        MetricList::new(self.metrics, weighted)
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Box<dyn Metric>] {
        &self.metrics
    }

    /// Those that count all samples alike.
    pub(crate) fn alike(&self) -> &[Box<dyn Metric>] {
        &self.metrics[..self.alike]
    }

    /// Those that weigh samples.
    pub(crate) fn weighted(&self) -> &[Box<dyn Metric>] {
        &self.metrics[self.alike..]
    }

    /// Their names in the logs.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Which way the metric of a name improves.
    pub(crate) fn objective(&self, name: &str) -> Option<Objective> {
        let position = self.names.iter().position(|known| known == name)?;
        Some(self.metrics[position].objective())
    }

    /// Whether all options are in their ranges.
    pub(crate) fn check_options(&self) -> Result<(), BuildError> {
        self.metrics.iter().try_for_each(|metric| metric.check_options())
    }

    /// Whether targets and predictions of these shapes suit all metrics.
    pub(crate) fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), FitError> {
        self.metrics.iter().zip(&self.names).try_for_each(|(metric, name)| {
            let error = |source| FitError::Metric { metric: name.clone(), source };
            metric.check(y_true, y_pred).map_err(error)
        })
    }
}

/// A name that none of the others has, made as Keras makes it: `accuracy_1`, and of those that weigh `weighted_accuracy`.
fn unique_name(name: &str, weighs: bool, others: &[String]) -> String {
    let again = if weighs { format!("weighted_{name}") } else { name.to_string() };
    let numbered = (1..).map(|number| format!("{again}_{number}"));
    let mut candidates = [name.to_string(), again.clone()].into_iter().chain(numbered);
    let is_free = |name: &String| name != "loss" && !others.contains(name);
    candidates.find(is_free).expect("among infinitely many names one is free")
}

/// What is written if there are metrics that weigh samples.
#[derive(Serialize)]
struct TwoLists<'a> {
    metrics: &'a [Box<dyn Metric>],
    weighted_metrics: &'a [Box<dyn Metric>],
}

impl Serialize for MetricList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.weighted() {
            [] => self.metrics.serialize(serializer),
            weighted_metrics => TwoLists { metrics: self.alike(), weighted_metrics }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MetricList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MetricList, D::Error> {
        deserializer.deserialize_any(OneOrTwoLists)
    }
}

/// Reads what is written for a [`MetricList`].
struct OneOrTwoLists;

impl<'de> Visitor<'de> for OneOrTwoLists {
    type Value = MetricList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of metrics, or `metrics` and `weighted_metrics`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<MetricList, A::Error> {
        let metrics = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(MetricList::new(metrics, Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MetricList, A::Error> {
        #[derive(Deserialize)]
        struct TwoLists {
            metrics: Vec<Box<dyn Metric>>,
            weighted_metrics: Vec<Box<dyn Metric>>,
        }
        let lists = TwoLists::deserialize(MapAccessDeserializer::new(map))?;
        Ok(MetricList::new(lists.metrics, lists.weighted_metrics))
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::{IntoMetrics, metrics::Accuracy};

    use super::*;

    fn list(metrics: impl IntoMetrics, weighted: impl IntoMetrics) -> MetricList {
        MetricList::new(metrics.into_metrics(), weighted.into_metrics())
    }

    fn named(names: &[&str]) -> Vec<Box<dyn Metric>> {
        names.iter().map(|&name| Box::new(Accuracy::new().name(name)) as Box<dyn Metric>).collect()
    }

    /// As Keras 3.15, which cannot do the last two.
    #[test]
    fn a_name_that_comes_again_is_changed_as_in_keras() {
        let names = |metrics: &[&str], weighted: &[&str]| list(named(metrics), named(weighted)).names;
        assert_eq!(names(&["a", "b"], &["c"]), ["a", "b", "c"]);
        assert_eq!(names(&["a", "a", "a"], &[]), ["a", "a_1", "a_2"]);
        assert_eq!(names(&["a"], &["a"]), ["a", "weighted_a"]);
        assert_eq!(names(&[], &["a", "a"]), ["a", "weighted_a"]);
        assert_eq!(names(&["a"], &["a", "a", "a"]), ["a", "weighted_a", "weighted_a_1", "weighted_a_2"]);
        assert_eq!(names(&["a", "weighted_a"], &["a"]), ["a", "weighted_a", "weighted_a_1"]);
        assert_eq!(names(&["loss"], &["loss"]), ["loss_1", "weighted_loss"]);
    }

    #[test]
    fn metrics_that_weigh_make_a_second_list_in_files() {
        let words = |list: &MetricList| serde_json::to_string(list).unwrap();
        let alike = words(&list(named(&["a"]), ()));
        assert_eq!(alike, r#"[{"metric":"accuracy","name":"a"}]"#);
        let both = words(&list(named(&["a"]), named(&["b"])));
        assert_eq!(
            both,
            format!(r#"{{"metrics":{alike},"weighted_metrics":{}}}"#, alike.replace("\"a\"", "\"b\""))
        );
        for json in [alike, both, "[]".to_string()] {
            assert_eq!(words(&serde_json::from_str(&json).unwrap()), json);
        }
    }

    #[test]
    fn what_is_no_list_of_metrics_is_refused_with_the_reason() {
        let error = |json: &str| serde_json::from_str::<MetricList>(json).unwrap_err().to_string();
        assert!(error("3").contains("a list of metrics, or `metrics` and `weighted_metrics`"));
        assert!(error(r#"[{"metric":"my/metric"}]"#).contains("unknown variant `my/metric`"));
        let both = r#"{"metrics":[],"weighted_metrics":[{"metric":"my/metric"}]}"#;
        assert!(error(both).contains("unknown variant `my/metric`"));
    }

    #[test]
    fn other_metrics_that_weigh_replace_those_there_are() {
        let list = list(named(&["a"]), named(&["b", "c"])).with_weighted(named(&["d"]));
        assert_eq!(list.names(), ["a", "d"]);
        assert_eq!((list.alike().len(), list.weighted().len()), (1, 1));
    }
}
