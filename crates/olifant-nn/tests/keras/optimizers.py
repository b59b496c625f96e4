"""Ten update steps of every optimizer with its options, and the learning-rate schedules.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python optimizers.py

Head: `initial_weights` and `gradients`, of the ten steps, for two tensors of shapes [3, 4] and [5].
A case of an optimizer: its class, its options, `weights` after each listed step (1 is the first),
and at the end `iterations` and `slots` (name of the tensor and the slot, value, in the order Keras
saves them; Adafactor's row and column means bear the tensor's name alone). A `learning_rate` that is
an object names a schedule; `exclude_from_weight_decay` holds the argument `var_names` of that method.
Cases with `others` go by `other_weights` and `other_gradients`: matrices of all proportions and one of
embeddings. Cases of `ReadingFirst` are ScheduleFreeAdamW reading its momentum before it changes, as with
JAX, and not afterwards, as with TensorFlow.
The last cases hold schedules: `steps`, `values`.
"""

import golden
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(5)
SHAPES = [[3, 4], [5]]
STEPS = 10
INITIAL = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]
# One large step makes every kind of clipping bite, one zero and one tiny gradient show epsilon's place.
SCALES = [1, 0.5, 2, 30, 0, 1e-6, 1, 0.1, 1, 1]
GRADIENTS = [[(scale * rng.normal(size=shape)).astype(np.float32) for shape in SHAPES] for scale in SCALES]

other = np.random.default_rng(15)
OTHERS = {"tall": [5, 3], "stack": [2, 3, 4], "column": [4, 1], "embedding": [3, 3], "square": [3, 3], "one": [1]}
OTHER_WEIGHTS = [other.normal(size=shape).astype(np.float32) for shape in OTHERS.values()]
OTHER_GRADIENTS = [[other.normal(size=shape).astype(np.float32) for shape in OTHERS.values()] for _ in range(STEPS)]


def schedule(settings):
    return getattr(keras.optimizers.schedules, settings["schedule"])(**settings["options"])


def update(optimizer, others=False, **options):
    arguments = dict(options)
    if isinstance(options.get("learning_rate"), dict):
        arguments["learning_rate"] = schedule(options["learning_rate"])
    excluded = arguments.pop("exclude_from_weight_decay", None)
    subject = (ReadingFirst if optimizer == "ReadingFirst" else getattr(keras.optimizers, optimizer))(**arguments)
    if excluded:
        subject.exclude_from_weight_decay(var_names=excluded)
    names = OTHERS if others else [f"tensor_{i}" for i in range(len(INITIAL))]
    initial, all_gradients = (OTHER_WEIGHTS, OTHER_GRADIENTS) if others else (INITIAL, GRADIENTS)
    weights = [keras.Variable(value, name=name) for name, value in zip(names, initial)]
    subject.build(weights)
    after = []
    for step, gradients in enumerate(all_gradients, start=1):
        gradients = [keras.ops.convert_to_tensor(gradient) for gradient in gradients]
        subject.apply(gradients, weights)
        if step in (1, 2, 5, STEPS):
            after.append({"step": step, "weights": [weight.numpy() for weight in weights]})
    slots = [slot for slot in subject.variables if slot.name not in ("iteration", "learning_rate")]
    return {
        "optimizer": optimizer,
        "options": options,
        **({"others": True} if others else {}),
        "after": after,
        "iterations": int(subject.iterations),
        "slots": [{"name": slot_name(slot), "value": slot.numpy()} for slot in slots],
    }


class ReadingFirst(keras.optimizers.ScheduleFreeAdamW):
    """With TensorFlow `momentum.value` is the variable, which changes; here it is what was read at first."""

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        momentum = self._momentums[index]
        self._momentums[index] = ReadFirst(momentum)
        super().update_step(gradient, variable, learning_rate)
        self._momentums[index] = momentum


class ReadFirst:
    def __init__(self, variable):
        self.variable, self.value, self.dtype = variable, tf.identity(variable.value), variable.dtype

    def assign_sub(self, value):
        self.variable.value.assign_sub(value)

    def __array__(self, dtype=None, copy=None):
        return self.variable.numpy()


def slot_name(slot):
    """The only slot that Keras leaves nameless is Nadam's product of momenta."""
    return "product" if slot.name.startswith("variable") else slot.path.split("/", 1)[-1]


def variants(optimizer, *options):
    """Every optimizer has these four options in common; `options` are its own."""
    shared = [{}, {"weight_decay": 0.1}, {"clipnorm": 1.0}, {"clipvalue": 0.5}, {"global_clipnorm": 1.5}]
    return [update(optimizer, **variant) for variant in [*shared, *options]]


def common_options(optimizer, **options):
    """The options that are not about the rule, alone and together."""
    accumulation = {"gradient_accumulation_steps": 3, **options}
    average = {"use_ema": True, "ema_momentum": 0.8, **options}
    return [
        update(optimizer, **variant)
        for variant in [
            {**accumulation, "clipnorm": 1.0},
            {**accumulation, "global_clipnorm": 1.5, "weight_decay": 0.1},
            {**accumulation, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2},
            {**accumulation, "loss_scale_factor": 8.0, "clipvalue": 0.05},
            {**average, "weight_decay": 0.1},
            {**average, "ema_overwrite_frequency": 4},
            {**options, "loss_scale_factor": 3.0},
            {**options, "weight_decay": 0.1, "exclude_from_weight_decay": ["_1"]},
        ]
    ]


def values(name, steps, **options):
    subject = schedule({"schedule": name, "options": options})
    return {
        "schedule": name,
        "options": options,
        "steps": list(steps),
        "values": [np.float32(subject(step)) for step in steps],
    }


EXPONENTIAL = {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}
cases = [
    *variants(
        "SGD",
        {"learning_rate": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.01, "global_clipnorm": 1.0},
        {"learning_rate": {"schedule": "ExponentialDecay", "options": EXPONENTIAL}, "momentum": 0.9},
        {"use_ema": True, "ema_momentum": 0.9},
        {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 3, "momentum": 0.9},
    ),
    *common_options("SGD", momentum=0.9, learning_rate=0.1),
    *variants(
        "Adam",
        {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"amsgrad": True, "learning_rate": 0.01},
        {"learning_rate": {"schedule": "ExponentialDecay", "options": EXPONENTIAL}},
        {"gradient_accumulation_steps": 3, "learning_rate": 0.01},
        {"gradient_accumulation_steps": 3, "learning_rate": {"schedule": "ExponentialDecay", "options": EXPONENTIAL}},
    ),
    *common_options("Adam", learning_rate=0.01),
    *variants("AdamW", {"learning_rate": 0.1, "amsgrad": True}),
    *variants(
        "RMSprop",
        {"momentum": 0.9},
        {"centered": True},
        {"rho": 0.5, "momentum": 0.5, "centered": True, "epsilon": 1e-3, "learning_rate": 0.01},
    ),
    *variants("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    *variants("Adadelta", {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-3}),
    *variants("Adamax", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    *variants("Nadam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    *variants(
        "Ftrl",
        {"learning_rate": 0.1, "learning_rate_power": -0.4, "initial_accumulator_value": 0.2},
        {"learning_rate": 0.1, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2},
        {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.1, "beta": 0.5},
    ),
    *variants("Lion", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9}),
    *variants("Lamb", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    *variants(
        "Adafactor",
        {"learning_rate": 0.1, "relative_step": False},
        {"learning_rate": 0.5, "beta_2_decay": -0.5, "clip_threshold": 0.5, "epsilon_2": 0.1},
    ),
    *variants("Muon", {"learning_rate": 0.1, "nesterov": False, "ns_steps": 3, "adam_lr_ratio": 0.5}),
    *variants("ScheduleFreeAdamW", {"learning_rate": 0.1, "warmup_steps": 4, "beta_1": 0.8}),
    *[
        update("ReadingFirst", **options)
        for options in [
            {},
            {"weight_decay": 0.1},
            {"clipnorm": 1.0},
            {"learning_rate": 0.1, "warmup_steps": 4, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
            {"learning_rate": 0.1, "gradient_accumulation_steps": 3, "warmup_steps": 2},
            {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8, "weight_decay": 0.1},
            {"learning_rate": {"schedule": "ExponentialDecay", "options": EXPONENTIAL}},
            {"weight_decay": 0.1, "exclude_from_weight_decay": ["_1"]},
        ]
    ],
    *[
        update(optimizer, **variant)
        for optimizer in ["Nadam", "Ftrl", "Lamb", "Adafactor", "Muon"]
        for variant in [
            {"learning_rate": 0.01, "others": True},
            {"learning_rate": 0.01, "gradient_accumulation_steps": 3, "global_clipnorm": 1.5},
            {"learning_rate": 0.01, "weight_decay": 0.1, "use_ema": True, "ema_momentum": 0.8},
            {"learning_rate": {"schedule": "ExponentialDecay", "options": EXPONENTIAL}, "loss_scale_factor": 8.0},
            {"learning_rate": 0.01, "weight_decay": 0.1, "exclude_from_weight_decay": ["_1"]},
        ]
    ],
    update("Ftrl", others=True, learning_rate_power=0.0, l1_regularization_strength=0.1),
    update("Adafactor", others=True, learning_rate=0.9, clip_threshold=0.5, epsilon_1=0.01, beta_2_decay=-0.3),
    update("Adafactor", others=True, learning_rate=0.1, epsilon_2=2.0, weight_decay=0.1),
    *[
        update("Muon", others=True, learning_rate=0.1, **options)
        for options in [
            {"exclude_layers": ["square", "tall"]},
            {"exclude_embeddings": False, "rms_rate": None},
            {"momentum": 0.5, "muon_a": 3.0, "muon_b": -4.0, "muon_c": 2.0, "ns_steps": 2},
            {"adam_beta_1": 0.5, "adam_beta_2": 0.9, "epsilon": 1e-3, "adam_lr_ratio": 0.5},
            {"weight_decay": 0.5, "adam_weight_decay": 0.1},
            {"weight_decay": 0.5, "adam_weight_decay": None, "exclude_from_weight_decay": ["square"]},
            {"nesterov": False, "weight_decay": None},
        ]
    ],
    values("ExponentialDecay", range(10), **EXPONENTIAL),
    values("ExponentialDecay", range(10), **EXPONENTIAL, staircase=True),
    values("InverseTimeDecay", range(10), **EXPONENTIAL),
    values("InverseTimeDecay", range(10), **EXPONENTIAL, staircase=True),
    values("PiecewiseConstantDecay", range(9), boundaries=[2, 5], values=[0.1, 0.05, 0.01]),
    values("PolynomialDecay", range(8), initial_learning_rate=0.1, decay_steps=5),
    values("PolynomialDecay", range(8), initial_learning_rate=0.1, decay_steps=5, end_learning_rate=0.01, power=2.0),
    values("PolynomialDecay", range(13), initial_learning_rate=0.1, decay_steps=5, end_learning_rate=0.01, cycle=True),
    values("CosineDecay", range(8), initial_learning_rate=0.1, decay_steps=5),
    values("CosineDecay", range(8), initial_learning_rate=0.1, decay_steps=5, alpha=0.2),
    values("CosineDecay", range(12), initial_learning_rate=0.0, decay_steps=5, warmup_target=0.1, warmup_steps=4),
    values("CosineDecay", range(12), initial_learning_rate=0.02, decay_steps=5, alpha=0.1, warmup_target=0.1, warmup_steps=4),
    values("CosineDecayRestarts", range(16), initial_learning_rate=0.1, first_decay_steps=3),
    values("CosineDecayRestarts", range(16), initial_learning_rate=0.1, first_decay_steps=3, t_mul=1.0, m_mul=0.5),
    values("CosineDecayRestarts", range(16), initial_learning_rate=0.1, first_decay_steps=3, t_mul=1.5, m_mul=0.8, alpha=0.1),
]
others = {"other_names": list(OTHERS), "other_weights": OTHER_WEIGHTS, "other_gradients": OTHER_GRADIENTS}
golden.write(__file__, cases, initial_weights=INITIAL, gradients=GRADIENTS, **others)
