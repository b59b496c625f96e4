"""What every initializer draws: its bound or deviation, and the moments of a large sample.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python initializers.py

A case holds the initializer's class, its options, the shape, `fan_in` and `fan_out`, and
  rule      `uniform` with `limit`: on [-limit, limit);
            `normal` with `stddev`; `truncated_normal` with `stddev` before the cut and `limit`,
            two of it, at which it is cut: redrawn, never clamped
  sample    minimum, maximum, mean and standard deviation of `count` values that Keras drew
            (100,000 or, if the shape is small, 1,000 tensors): a check of the rule, not numbers to be met
Orthogonal has `products` of what Keras drew: the largest deviation of its rows' or columns' scalar
products from gain^2 times the identity. Constants have `value`, the whole tensor.
"""

import golden
import keras
import numpy as np

SHAPES = [[4, 6], [5], [3, 3, 2, 8], [784, 300]]
COUNT, DRAWS = 100_000, 1_000
# A normal distribution cut at two deviations has this deviation.
CUT = 0.87962566103423978


def fans(shape):
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive_field = int(np.prod(shape[:-2]))
    return receptive_field * shape[-2], receptive_field * shape[-1]


def scaled(mode, distribution, shape, scale):
    """The rule of VarianceScaling, to which the Glorot, He and LeCun initializers come down."""
    fan_in, fan_out = fans(shape)
    variance = scale / {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    if distribution == "uniform":
        return uniform(float(np.sqrt(3 * variance)))
    if distribution == "untruncated_normal":
        return {"distribution": "normal", "stddev": float(np.sqrt(variance))}
    return truncated_normal(float(np.sqrt(variance)) / CUT)


def uniform(limit):
    return {"distribution": "uniform", "limit": limit}


def truncated_normal(stddev):
    return {"distribution": "truncated_normal", "stddev": stddev, "limit": 2 * stddev}


def random(initializer, shape, rule, **options):
    draws = min(-(-COUNT // int(np.prod(shape))), DRAWS)
    subject = getattr(keras.initializers, initializer)(**options, seed=keras.random.SeedGenerator(1))
    values = np.concatenate([np.ravel(subject(shape)) for _ in range(draws)])
    assert np.abs(values).max() <= np.float32(rule.get("limit", np.inf))
    fan_in, fan_out = fans(shape)
    sample = {
        "count": values.size,
        "minimum": values.min(),
        "maximum": values.max(),
        "mean": float(values.mean(dtype=np.float64)),
        "stddev": float(values.std(dtype=np.float64)),
    }
    head = {"initializer": initializer, "options": options, "shape": shape, "fan_in": fan_in, "fan_out": fan_out}
    return {**head, "rule": rule, "sample": sample}


def orthogonal(shape, **options):
    values = np.array(keras.initializers.Orthogonal(**options, seed=1)(shape), np.float64)
    matrix = values.reshape(-1, shape[-1])
    if len(matrix) < shape[-1]:
        matrix = matrix.T
    identity = options.get("gain", 1.0) ** 2 * np.eye(matrix.shape[1])
    deviation = float(np.abs(matrix.T @ matrix - identity).max())
    return {"initializer": "Orthogonal", "options": options, "shape": shape, "products": deviation}


def fixed(initializer, shape, **options):
    value = getattr(keras.initializers, initializer)(**options)(shape)
    return {"initializer": initializer, "options": options, "shape": shape, "value": value}


cases = []
for shape in SHAPES:
    cases += [
        random("GlorotUniform", shape, scaled("fan_avg", "uniform", shape, 1)),
        random("GlorotNormal", shape, scaled("fan_avg", "truncated_normal", shape, 1)),
        random("HeUniform", shape, scaled("fan_in", "uniform", shape, 2)),
        random("HeNormal", shape, scaled("fan_in", "truncated_normal", shape, 2)),
        random("LecunUniform", shape, scaled("fan_in", "uniform", shape, 1)),
        random("LecunNormal", shape, scaled("fan_in", "truncated_normal", shape, 1)),
        random("RandomUniform", shape, uniform(0.05)),
        random("RandomNormal", shape, {"distribution": "normal", "stddev": 0.05}),
        random("TruncatedNormal", shape, truncated_normal(0.05)),
        random("VarianceScaling", shape, scaled("fan_in", "truncated_normal", shape, 1)),
    ]
    for mode in ["fan_in", "fan_out", "fan_avg"]:
        for distribution in ["uniform", "truncated_normal", "untruncated_normal"]:
            rule = scaled(mode, distribution, shape, 0.5)
            cases.append(random("VarianceScaling", shape, rule, scale=0.5, mode=mode, distribution=distribution))
for shape in [[4, 6], [6, 4], [3, 3, 2, 8], [100, 30]]:
    cases += [orthogonal(shape), orthogonal(shape, gain=2.0)]
cases += [
    fixed("Zeros", [2, 3]),
    fixed("Ones", [5]),
    fixed("Constant", [2, 2], value=-0.3),
    fixed("Identity", [3, 3]),
    fixed("Identity", [2, 4], gain=0.5),
]
golden.write(__file__, cases)
