//! The metrics of a model, and the names they have in the logs.

use std::fmt;

use olifant_core::Shape;
use olifant_nn::{BuildError, Metric, Network, Objective, OutputMetric, known_names};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use crate::{FitError, compiled_losses::loss_names};

/// The metrics of a model: those that count all samples alike, and behind them those that weigh them.
///
/// In files it is a list, or several lists with names if there are metrics that weigh, or several outputs.
#[derive(Debug, Default)]
pub(crate) struct MetricList {
    metrics: Vec<Box<dyn Metric>>,
    /// How many count all samples alike.
    alike: usize,
    /// The output each was given for.
    outputs: Vec<Option<String>>,
    /// The number of the output each watches.
    places: Vec<usize>,
    /// Each one's name in the logs.
    names: Vec<String>,
}

impl MetricList {
    /// Metrics that count all samples alike, and metrics that weigh them; for the only output of their model,
    /// unless [`of_network`](MetricList::of_network) says otherwise.
    pub(crate) fn new(metrics: Vec<OutputMetric>, weighted: Vec<OutputMetric>) -> MetricList {
        let alike = metrics.len();
        let all = metrics.into_iter().chain(weighted).map(|OutputMetric { output, metric }| (output, metric));
        let (outputs, metrics): (Vec<_>, Vec<_>) = all.unzip();
        let mut list =
            MetricList { places: vec![0; metrics.len()], metrics, alike, outputs, names: Vec::new() };
        list.find_names(&[], &["loss".to_owned()]);
        list
    }

    /// The same for the outputs of a network.
    ///
    /// # Errors
    ///
    /// A metric is for an output that the network does not have, or among several outputs for none of them.
    pub(crate) fn of_network(mut self, network: &Network) -> Result<MetricList, BuildError> {
        let outputs: Vec<&str> = network.outputs().map(|(name, _)| name).collect();
        let place = |output: &Option<String>| match output {
            None if outputs.len() == 1 => Ok(0),
            None => {
                let expected = format!("given by output ({}), with MetricsByOutput", outputs.join(", "));
                Err(BuildError::option("metrics", expected, "a list for all of them"))
            }
            Some(name) => outputs.iter().position(|output| output == name).ok_or_else(|| {
                let known = known_names(name, outputs.iter().copied());
                BuildError::Other(format!("no output is called {name:?}: {known}"))
            }),
        };
        self.places = self.outputs.iter().map(place).collect::<Result<_, _>>()?;
        self.find_names(if outputs.len() > 1 { &outputs } else { &[] }, &loss_names(network));
        Ok(self)
    }

    /// The same with others that weigh samples.
    pub(crate) fn with_weighted(mut self, weighted: Vec<OutputMetric>) -> MetricList {
        let weighted_from = self.alike;
        self.metrics.truncate(weighted_from);
        let pairs = self.outputs.into_iter().zip(self.metrics);
        let alike = pairs.map(|(output, metric)| OutputMetric { output, metric }).collect();
        MetricList::new(alike, weighted)
    }

    /// Gives each metric its name in the logs, which is none of those taken; of several outputs it has that in front.
    fn find_names(&mut self, outputs: &[&str], taken: &[String]) {
        let mut names = taken.to_vec();
        for (position, metric) in self.metrics.iter().enumerate() {
            let whole = |name: &str| match outputs.get(self.places[position]) {
                Some(output) => format!("{output}_{name}"),
                None => name.to_owned(),
            };
            let name = unique_name(metric.name(), position >= self.alike, whole, &names);
            names.push(name);
        }
        self.names = names.split_off(taken.len());
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Box<dyn Metric>] {
        &self.metrics
    }

    /// The number of the output that each watches.
    pub(crate) fn places(&self) -> &[usize] {
        &self.places
    }

    /// The outputs that metrics were given for, if any was.
    pub(crate) fn outputs(&self) -> Option<&[Option<String>]> {
        self.outputs.iter().any(Option::is_some).then_some(&self.outputs)
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

    /// Whether targets and predictions of these shapes suit all metrics of an output.
    pub(crate) fn check(&self, output: usize, y_true: Shape, y_pred: Shape) -> Result<(), FitError> {
        let metrics = self.metrics.iter().zip(&self.names).zip(&self.places);
        let mut its_own = metrics.filter(|(_, place)| **place == output);
        its_own.try_for_each(|((metric, name), _)| {
            let error = |source| FitError::Metric { metric: name.clone(), source };
            metric.check(y_true, y_pred).map_err(error)
        })
    }
}

/// A name that none of the others has, made as Keras makes it: `accuracy_1`, and of those that weigh `weighted_accuracy`.
/// `whole` puts the output in front.
fn unique_name(name: &str, weighs: bool, whole: impl Fn(&str) -> String, others: &[String]) -> String {
    let again = if weighs { format!("weighted_{name}") } else { name.to_string() };
    let numbered = (1..).map(|number| format!("{again}_{number}"));
    let candidates = [name.to_string(), again.clone()].into_iter().chain(numbered);
    let mut candidates = candidates.map(|name| whole(&name));
    let is_free = |name: &String| !others.contains(name);
    candidates.find(is_free).expect("among infinitely many names one is free")
}

/// What is written if there are metrics that weigh samples, or several outputs.
#[derive(Serialize)]
struct Lists<'a> {
    metrics: &'a [Box<dyn Metric>],
    weighted_metrics: &'a [Box<dyn Metric>],
    /// The output of each, those that weigh samples behind the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<&'a [Option<String>]>,
}

impl Serialize for MetricList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.weighted(), self.outputs()) {
            ([], None) => self.metrics.serialize(serializer),
            (weighted_metrics, outputs) => {
                Lists { metrics: self.alike(), weighted_metrics, outputs }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for MetricList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MetricList, D::Error> {
        deserializer.deserialize_any(OneOrSeveralLists)
    }
}

/// Reads what is written for a [`MetricList`].
struct OneOrSeveralLists;

impl<'de> Visitor<'de> for OneOrSeveralLists {
    type Value = MetricList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of metrics, or `metrics` and `weighted_metrics`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<MetricList, A::Error> {
        let metrics = Vec::<Box<dyn Metric>>::deserialize(SeqAccessDeserializer::new(list))?;
        let metrics = metrics.into_iter().map(|metric| OutputMetric { output: None, metric });
        Ok(MetricList::new(metrics.collect(), Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MetricList, A::Error> {
        #[derive(Deserialize)]
        struct Lists {
            metrics: Vec<Box<dyn Metric>>,
            weighted_metrics: Vec<Box<dyn Metric>>,
            #[serde(default)]
            outputs: Vec<Option<String>>,
        }
        let Lists { metrics, weighted_metrics, outputs } =
            Lists::deserialize(MapAccessDeserializer::new(map))?;
        let mut outputs = outputs.into_iter().chain(std::iter::repeat(None));
        let mut with_outputs = |metrics: Vec<Box<dyn Metric>>| -> Vec<OutputMetric> {
            let pairs = metrics.into_iter().zip(outputs.by_ref());
            pairs.map(|(metric, output)| OutputMetric { output, metric }).collect()
        };
        let metrics = with_outputs(metrics);
        Ok(MetricList::new(metrics, with_outputs(weighted_metrics)))
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::{
        CallOn, Functional, Input, IntoMetrics, MetricsByOutput, Named, layers::Dense, metrics::Accuracy,
    };

    use super::*;

    fn list(metrics: impl IntoMetrics, weighted: impl IntoMetrics) -> MetricList {
        MetricList::new(metrics.into_output_metrics(), weighted.into_output_metrics())
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
        let list = list(named(&["a"]), named(&["b", "c"])).with_weighted(named(&["d"]).into_output_metrics());
        assert_eq!(list.names(), ["a", "d"]);
        assert_eq!((list.alike().len(), list.weighted().len()), (1, 1));
    }

    fn two_outputs() -> Network {
        let x = Input::new([1]);
        let outputs = [&Dense::new(1).named("one").on(&x), &Dense::new(2).named("two").on(&x)];
        Functional::new(&x, outputs).build(0).unwrap()
    }

    #[test]
    fn metrics_of_several_outputs_are_called_after_them() {
        let metrics =
            || MetricsByOutput::new().output("two", named(&["a", "a"])).output("one", named(&["a"]));
        let list = list(metrics(), MetricsByOutput::new().output("one", named(&["a"])));
        let list = list.of_network(&two_outputs()).unwrap();
        assert_eq!(list.names(), ["two_a", "two_a_1", "one_a", "one_weighted_a"]);
        assert_eq!(list.places(), [1, 1, 0, 0]);
        let json = serde_json::to_string(&list).unwrap();
        let copy: MetricList = serde_json::from_str(&json).unwrap();
        assert_eq!(copy.of_network(&two_outputs()).unwrap().names(), list.names());
    }

    #[test]
    fn metrics_say_which_of_several_outputs_they_watch() {
        let error = |list: MetricList| list.of_network(&two_outputs()).unwrap_err().to_string();
        assert_eq!(
            error(list(named(&["a"]), ())),
            "metrics must be given by output (one, two), with MetricsByOutput, but is a list for all of them"
        );
        let unknown = error(list(MetricsByOutput::new().output("tow", named(&["a"])), ()));
        assert!(unknown.starts_with(r#"no output is called "tow":"#) && unknown.contains("two"), "{unknown}");
    }
}
