"""Metrics over several batches, with and without sample weights; how "accuracy" chooses its metric.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python metrics.py

A case holds the metric's class, its options, `batches` (`y_true`, `y_pred`, perhaps `sample_weight`)
and `results`, one after each update. Mean and Sum have batches of `values`. The cases with `resolve`
hold the name given to `compile`, the shapes of labels and predictions (`null`: the batch axis) and
the class that Keras chooses.
"""

import golden
import keras
import numpy as np

rng = np.random.default_rng(7)
cases = []


def add(name, metric, batches, **options):
    """`batches` holds (y_true, y_pred) or (y_true, y_pred, sample_weight)."""
    names = ["values", "sample_weight"] if metric in ("Mean", "Sum") else ["y_true", "y_pred", "sample_weight"]
    subject = getattr(keras.metrics, metric)(**options)
    rows, results = [], []
    for batch in batches:
        arrays = [np.asarray(array, np.float32) for array in batch]
        subject.update_state(arrays[0], **dict(zip(names[1:], arrays[1:])))
        rows.append(dict(zip(names, arrays)))
        result = keras.ops.convert_to_numpy(subject.result())
        results.append(result.copy() if result.ndim else result[()])
    cases.append({"name": name, "metric": metric, "options": options, "batches": rows, "results": results})


def add_twice(name, metric, batches, **options):
    """Without sample weights, then with them: one per sample, among them a zero."""
    add(name, metric, batches, **options)
    weights = [np.where(np.arange(len(y_true)) == 1, 0, rng.uniform(0.5, 2, len(y_true))) for y_true, _ in batches]
    weighted = [(*batch, weight) for batch, weight in zip(batches, weights)]
    add(name + ", weighted", metric, weighted, **options)


def batches_of(y_true, y_pred, sizes=(8, 3, 9)):
    """Draws batches of different sizes."""
    return [(y_true(size), y_pred(size)) for size in sizes]


def normal(*shape):
    return lambda size: rng.normal(size=(size, *shape))


def uniform(*shape):
    return lambda size: rng.uniform(size=(size, *shape))


def bits(*shape):
    return lambda size: rng.integers(0, 2, (size, *shape))


def labels(count, *shape):
    return lambda size: rng.integers(0, count, (size, *shape))


def one_hot(count):
    return lambda size: np.eye(count)[rng.integers(0, count, size)]


def probabilities(count):
    return lambda size: rng.dirichlet(np.ones(count), size)


def resolve(name, y_shape, prediction_shape):
    """Which metric a compiled model makes of `name`, given the shapes."""
    model = keras.Sequential([keras.Input(prediction_shape), keras.layers.Activation("linear")])
    model.compile(loss="mse", metrics=[name])
    predictions = np.zeros([2, *prediction_shape], np.float32)
    model.compute_metrics(None, np.zeros([2, *y_shape], np.float32), predictions)
    (metric,) = model._compile_metrics.metrics
    case = {"resolve": name, "y_true": [None, *y_shape], "y_pred": [None, *prediction_shape]}
    cases.append({**case, "metric": type(metric).__name__, "log_key": metric.name})


# Reductions.
add("scalars", "Mean", [[1.0], [2.0], [4.5]])
add("vectors", "Mean", [[[1.0, 3.0]], [[-2.0]], [[0.5, 0.5, 7.0]]])
add("weighted", "Mean", [[[1.0, 3.0], [0.5, 2.0]], [[-2.0], [0.0]], [[4.0, 8.0], [1.0, 0.0]]])
add("nothing weighs", "Mean", [[[1.0, 3.0], [0.0, 0.0]]])
add("matrices are averaged by row", "Mean", [[[[1.0, 3.0], [5.0, 9.0]], [1.0, 3.0]]])
add("weighted", "Sum", [[[1.0, 3.0], [0.5, 2.0]], [[-2.0], [1.0]]])

# Accuracies.
add_twice("one output", "BinaryAccuracy", batches_of(bits(1), uniform(1)))
add_twice("several outputs", "BinaryAccuracy", batches_of(bits(3), uniform(3)))
add_twice("labels without the last axis", "BinaryAccuracy", batches_of(bits(), uniform(1)))
add("on the threshold", "BinaryAccuracy", [([[1], [0], [1], [0]], [[0.5], [0.5], [0.50001], [0.49999]])])
add("other threshold", "BinaryAccuracy", [([[1], [0], [1], [0]], [[0.7], [0.7], [0.71], [0.69]])], threshold=0.7)
add_twice("one-hot labels", "CategoricalAccuracy", batches_of(one_hot(4), probabilities(4)))
add("ties", "CategoricalAccuracy", [(np.eye(3), [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])])
add("soft labels", "CategoricalAccuracy", batches_of(probabilities(3), probabilities(3)))
add_twice("integer labels", "SparseCategoricalAccuracy", batches_of(labels(4), probabilities(4)))
add_twice("column of labels", "SparseCategoricalAccuracy", batches_of(labels(3, 1), probabilities(3)))
add("ties", "SparseCategoricalAccuracy", [([0, 1, 2], [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])])
add("sequences", "SparseCategoricalAccuracy", batches_of(labels(3, 5), uniform(5, 3)))
add("a prediction that is not a number", "SparseCategoricalAccuracy", [([0, 1], [[np.nan, 0.5], [0.2, np.nan]])])
tied = [[0.25, 0.25, 0.25, 0.25], [0.1, 0.3, 0.3, 0.3], [0.5, 0.2, 0.2, 0.1], [0.0, 0.4, 0.4, 0.2]]
for k in [1, 2, 3]:
    add_twice("one-hot labels", "TopKCategoricalAccuracy", batches_of(one_hot(5), probabilities(5)), k=k)
    add_twice("integer labels", "SparseTopKCategoricalAccuracy", batches_of(labels(5), probabilities(5)), k=k)
    add("ties", "TopKCategoricalAccuracy", [(np.eye(4)[[y] * 4], tied) for y in range(4)], k=k)
    add("ties", "SparseTopKCategoricalAccuracy", [([y] * 4, tied) for y in range(4)], k=k)
add("more places than classes", "SparseTopKCategoricalAccuracy", batches_of(labels(3), probabilities(3)))
add("default k", "SparseTopKCategoricalAccuracy", batches_of(labels(12), probabilities(12)))
add("a prediction that is not a number", "SparseTopKCategoricalAccuracy", [([0, 1], [[np.nan, 0.5], [0.2, np.nan]])], k=1)
add_twice("equal or not", "Accuracy", batches_of(labels(2, 1), labels(2, 1)))

# Regression.
for metric in ["MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError", "CosineSimilarity"]:
    add_twice("matrix", metric, batches_of(normal(3), normal(3)))
    add_twice("three axes", metric, batches_of(normal(2, 3), normal(2, 3)))
    add("labels without the last axis", metric, batches_of(normal(), normal(1)))
for metric in ["MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"]:
    add_twice("matrix", metric, batches_of(uniform(3), uniform(3)))
add_twice("matrix", "R2Score", batches_of(normal(3), normal(3)))
for average in [None, "uniform_average", "variance_weighted_average"]:
    add("averages", "R2Score", batches_of(normal(3), normal(3)), class_aggregation=average)
add("two predictors", "R2Score", batches_of(normal(2), normal(2)), num_regressors=2)
for metric in ["PearsonCorrelation", "ConcordanceCorrelation"]:
    add_twice("matrix", metric, batches_of(normal(6), normal(6)))

# Margins and probabilities.
for metric in ["Hinge", "SquaredHinge"]:
    add_twice("labels 0 and 1", metric, batches_of(bits(3), normal(3)))
add_twice("one-hot labels", "CategoricalHinge", batches_of(one_hot(3), normal(3)))
add_twice("distributions", "KLDivergence", batches_of(probabilities(4), probabilities(4)))
add_twice("probabilities", "BinaryCrossentropy", batches_of(bits(2), uniform(2)))
add("smoothed logits", "BinaryCrossentropy", batches_of(bits(2), normal(2)), from_logits=True, label_smoothing=0.1)
add_twice("probabilities", "CategoricalCrossentropy", batches_of(one_hot(3), probabilities(3)))
add("smoothed logits", "CategoricalCrossentropy", batches_of(one_hot(3), normal(3)), from_logits=True, label_smoothing=0.1)
add_twice("probabilities", "SparseCategoricalCrossentropy", batches_of(labels(3), probabilities(3)))
add("logits", "SparseCategoricalCrossentropy", batches_of(labels(3), normal(3)), from_logits=True)

# Confusion.
for metric in ["TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"]:
    add_twice("one output", metric, batches_of(bits(1), uniform(1)))
    add("thresholds", metric, batches_of(bits(1), uniform(1)), thresholds=[0.2, 0.5, 0.9])
for metric in ["Precision", "Recall"]:
    add_twice("one output", metric, batches_of(bits(1), uniform(1)))
    add("several outputs", metric, batches_of(one_hot(4), probabilities(4)))
    add("thresholds", metric, batches_of(bits(1), uniform(1)), thresholds=[0.2, 0.5, 0.9])
    add("on the threshold", metric, [([1, 0, 1], [0.5, 0.5, 0.6])])
    add("best two of each row", metric, batches_of(one_hot(4), probabilities(4)), top_k=2)
    add("one class", metric, batches_of(one_hot(4), probabilities(4)), class_id=2)
    add("no positives", metric, [([0, 0], [0.1, 0.2])])
for options in [{}, {"curve": "PR"}, {"summation_method": "minoring"}, {"curve": "PR", "summation_method": "majoring"}]:
    add_twice("one output", "AUC", batches_of(bits(1), uniform(1), (20, 30)), **options)
add("few thresholds", "AUC", batches_of(bits(1), uniform(1), (20, 30)), num_thresholds=5)
add("given thresholds", "AUC", batches_of(bits(1), uniform(1), (20, 30)), thresholds=[0.2, 0.5, 0.8])
add("labels of many outputs", "AUC", batches_of(bits(3), uniform(3), (20, 30)), multi_label=True)
add("logits", "AUC", batches_of(bits(1), normal(1), (20, 30)), from_logits=True)
add("perfect", "AUC", [([0, 0, 1, 1], [0.0, 0.2, 0.8, 1.0])])
add("SensitivityAtSpecificity", "SensitivityAtSpecificity", batches_of(bits(1), uniform(1), (20, 30)), specificity=0.6)
add("SpecificityAtSensitivity", "SpecificityAtSensitivity", batches_of(bits(1), uniform(1), (20, 30)), sensitivity=0.6)
add("PrecisionAtRecall", "PrecisionAtRecall", batches_of(bits(1), uniform(1), (20, 30)), recall=0.6)
add("RecallAtPrecision", "RecallAtPrecision", batches_of(bits(1), uniform(1), (20, 30)), precision=0.5)
for average in [None, "micro", "macro", "weighted"]:
    add_twice("one-hot labels", "F1Score", batches_of(one_hot(3), probabilities(3)), average=average)
    add("beta two", "FBetaScore", batches_of(one_hot(3), probabilities(3)), average=average, beta=2.0)
add("threshold", "F1Score", batches_of(bits(3), uniform(3)), threshold=0.6)

# Overlaps.
add_twice("classes", "IoU", batches_of(labels(3), labels(3)), num_classes=3, target_class_ids=[0, 2])
add_twice("classes", "MeanIoU", batches_of(labels(3), labels(3)), num_classes=3)
add("ignored class", "MeanIoU", batches_of(labels(3), labels(3)), num_classes=3, ignore_class=0)
add_twice("threshold", "BinaryIoU", batches_of(bits(), uniform()), target_class_ids=[0, 1], threshold=0.4)
add("one-hot labels", "OneHotIoU", batches_of(one_hot(3), probabilities(3)), num_classes=3, target_class_ids=[0, 2])
add("one-hot labels", "OneHotMeanIoU", batches_of(one_hot(3), probabilities(3)), num_classes=3)

# Options that the cases above leave out, from a generator of their own.
rng = np.random.default_rng(17)
for metric in ["MeanAbsolutePercentageError", "Hinge", "Poisson", "BinaryCrossentropy"]:
    add_twice("three axes", metric, batches_of(bits(2, 3), uniform(2, 3)))
add_twice("three axes", "SparseCategoricalCrossentropy", batches_of(labels(3, 2), uniform(2, 3)))
for metric in ["Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"]:
    add_twice("several outputs", metric, batches_of(bits(3), uniform(3)))
    add_twice("one threshold", metric, batches_of(bits(1), uniform(1)), thresholds=0.7)
for metric in ["Precision", "Recall"]:
    add_twice("one class of the best two", metric, batches_of(bits(4), uniform(4)), top_k=2, class_id=1)
    add("ties", metric, [([[1, 0, 1, 0]], [[0.3, 0.3, 0.3, 0.1]])], top_k=2)
    add("a threshold for the best two", metric, batches_of(bits(4), uniform(4)), top_k=2, thresholds=0.8)
for options in [{"curve": "PRGAIN"}, {"curve": "PR", "summation_method": "minoring"}, {"summation_method": "majoring"}]:
    add_twice("one output", "AUC", batches_of(bits(1), uniform(1), (20, 30)), **options)
for options in [{}, {"curve": "PR"}]:
    weights = {"label_weights": [0.5, 0.0, 2.0], **options}
    add_twice("weighted labels", "AUC", batches_of(bits(3), uniform(3), (20, 30)), **weights)
    add_twice("weighted labels", "AUC", batches_of(bits(3), uniform(3), (20, 30)), multi_label=True, **weights)
    add_twice("several outputs", "AUC", batches_of(bits(3), uniform(3), (20, 30)), num_thresholds=7, **options)
    add("no positives", "AUC", [([0, 0, 0], [0.1, 0.4, 0.9])], **options)
add("uneven thresholds", "AUC", batches_of(bits(1), uniform(1), (20, 30)), thresholds=[0.8, 0.1, 0.3])
for metric, value in [("SensitivityAtSpecificity", "specificity"), ("SpecificityAtSensitivity", "sensitivity"),
                      ("PrecisionAtRecall", "recall"), ("RecallAtPrecision", "precision")]:  # fmt: skip
    add_twice("three outputs", metric, batches_of(bits(3), uniform(3)), **{value: 0.4})
    add_twice("one class", metric, batches_of(bits(3), uniform(3)), **{value: 0.4}, class_id=1, num_thresholds=9)
    add("one threshold", metric, batches_of(bits(1), uniform(1)), **{value: 0.2}, num_thresholds=1)
    add("out of reach", metric, [([1, 0], [0.1, 0.9])], **{value: 0.99})
for average in [None, "micro", "macro", "weighted"]:
    options = {"average": average, "beta": 0.5, "threshold": 0.6}
    add_twice("all at once", "FBetaScore", batches_of(bits(3), uniform(3)), **options)
add("rows of zeros, and ties", "F1Score", [([[1, 0], [0, 1]], [[0.0, 0.0], [0.5, 0.5]])], average="macro")
add_twice("weighted", "R2Score", batches_of(normal(3), normal(3)), class_aggregation="variance_weighted_average")
add("labels without the last axis", "R2Score", batches_of(normal(), normal(1)))
add("too few samples", "R2Score", batches_of(normal(2), normal(2), (3,)), num_regressors=5)
floats = {"dtype": "float32"}
add_twice("classes", "IoU", batches_of(labels(3), labels(3)), num_classes=3, target_class_ids=[0, 2], **floats)
add_twice("classes", "MeanIoU", batches_of(labels(3), labels(3)), num_classes=3, **floats)
add("pixels", "MeanIoU", batches_of(labels(3, 4), labels(3, 4)), num_classes=3, **floats)
add("absent classes", "MeanIoU", [([0, 0, 1], [0, 1, 1])], num_classes=5, **floats)
add("no classes", "MeanIoU", [([0, 7, -1], [3, 1, 1])], num_classes=2, **floats)
add("scores", "MeanIoU", batches_of(labels(3), probabilities(3)), num_classes=3, sparse_y_pred=False, **floats)
add("one-hot", "IoU", batches_of(one_hot(3), labels(3)), num_classes=3, target_class_ids=[1], sparse_y_true=False, **floats)
add("threshold", "BinaryIoU", batches_of(bits(2), uniform(2)), target_class_ids=[1], **floats)
add_twice("one output", "BinaryIoU", batches_of(bits(), uniform()), **floats)
add("on the threshold", "BinaryIoU", [([1, 0], [0.5, 0.5])], **floats)
add_twice("one-hot labels", "OneHotIoU", batches_of(one_hot(3), probabilities(3)), num_classes=3, target_class_ids=[0, 2], ignore_class=1, **floats)
add("class indices", "OneHotMeanIoU", batches_of(one_hot(3), labels(3)), num_classes=3, sparse_y_pred=True, **floats)
for metric in ["PearsonCorrelation", "ConcordanceCorrelation"]:
    add_twice("three axes", metric, batches_of(normal(2, 4), normal(2, 4)))

for name in ["accuracy", "acc"]:
    resolve(name, [1], [1])
    resolve(name, [], [1])
    resolve(name, [], [10])
    resolve(name, [1], [10])
    resolve(name, [10], [10])
    resolve(name, [5], [5, 10])
    resolve(name, [5, 1], [5, 10])
    resolve(name, [5, 10], [5, 10])
    resolve(name, [5, 1], [5, 1])
golden.write(__file__, cases)
