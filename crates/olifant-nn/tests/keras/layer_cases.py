"""What Keras computes for single layers; the scripts of each family of layers only list cases.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6.

A case holds
  layer             our description of the layer, as files keep it
  training          whether it was called as in training
  inputs            one array per input, of BATCH samples; whole numbers if `ids`
  mask              of the first input, [batch, time], if it has one
  weights           all weights, in Keras's order: name, whether gradients change it, values (random, not initial)
  outputs           one array per output
  factors           random arrays of the same shapes: the gradients are those of sum(outputs * factors) and the penalties
  input_gradients   one array per input, unless they are ids
  weight_gradients  one array per trainable weight
  state             what one call in training makes of the other weights
  after_ten_steps   all weights after ten steps of SGD, learning rate 0.1, on the mean of all outputs' squares and the penalties;
                    after each step, weights are put back to their limits
"""

import golden
import keras
import numpy as np
import tensorflow as tf

BATCH = 5


def case(
    ours, layer, shapes, *, training=False, ids=None, mask=False, dtype=np.float32, low=-1.0, high=1.0, seed=1, call=None
):
    """One case: our description, Keras's layer, the shapes of its inputs without the batch axis.

    `ids`: inputs are whole numbers below it. `mask`: the first input has a mask, which hides steps in the middle and
    at the beginning. `call`: how to call the layer on the list of inputs, if not by layer(x) or layer([x, y]).
    """
    random = np.random.default_rng(seed)
    draw = lambda shape: random.uniform(low, high, shape).astype(dtype)
    if ids is None:
        inputs = [draw((BATCH, *shape)) for shape in shapes]
    else:
        inputs = [random.integers(0, ids, (BATCH, *shape)).astype(dtype) for shape in shapes]
    result = {"layer": ours, "training": training, "ids": ids is not None, "inputs": inputs}
    steps = None
    if mask:
        steps = random.uniform(size=(BATCH, shapes[0][0])) < 0.7
        steps[0, :2], steps[1, :], steps[2, 0] = False, True, True
        result["mask"] = steps.astype(dtype)

    def run(values):
        tensors = list(values)
        if steps is not None:
            keras.src.backend.set_keras_mask(tensors[0], tf.constant(steps))
        arguments = {"training": training} if layer._call_has_training_arg else {}
        if call is not None:
            outputs = call(layer, tensors, arguments)
        else:
            outputs = layer(tensors[0] if len(tensors) == 1 else tensors, **arguments)
        return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

    constants = [tf.constant(x) for x in inputs]
    run(constants)
    for weight in layer.weights:
        if weight.name in ["moving_variance", "variance"]:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif weight.dtype == "float32":
            weight.assign(random.uniform(-0.6, 0.6, weight.shape))
    trainable = [any(weight is other for other in layer.trainable_weights) for weight in layer.weights]
    result["weights"] = [
        {"name": weight.path.split("/", 1)[-1], "trainable": trains, "values": weight.numpy()}
        for weight, trains in zip(layer.weights, trainable)
    ]
    initial = [weight.numpy() for weight in layer.weights]
    variables = [tf.Variable(x) for x in inputs]
    with tf.GradientTape() as tape:
        outputs = run([tf.identity(x) for x in variables] if ids is None else constants)
        factors = [draw(y.shape) for y in outputs]
        loss = sum([tf.reduce_sum(y * factor) for y, factor in zip(outputs, factors)] + layer.losses)
    sources = (variables if ids is None else []) + [weight.value for weight in layer.trainable_weights]
    gradients = [dense(g, x) for g, x in zip(tape.gradient(loss, sources), sources)]
    count = len(variables) if ids is None else 0
    result |= {"outputs": [y.numpy() for y in outputs], "factors": factors}
    result |= {"input_gradients": gradients[:count], "weight_gradients": gradients[count:]}
    result["state"] = [w.numpy() for w, trains in zip(layer.weights, trainable) if not trains]
    for weight, value in zip(layer.weights, initial):
        weight.assign(value)
    result["after_ten_steps"] = ten_steps(layer, lambda: run(constants))
    return result


def dense(gradient, x):
    """A gradient as an array; that of what the loss does not depend on is zero."""
    return np.zeros(x.shape, np.float32) if gradient is None else tf.convert_to_tensor(gradient).numpy()


def ten_steps(layer, run):
    if not layer.trainable_weights:
        return []
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = sum([tf.reduce_mean(tf.square(y)) for y in run()] + layer.losses)
        values = [weight.value for weight in layer.trainable_weights]
        for weight, gradient in zip(layer.trainable_weights, tape.gradient(loss, values)):
            weight.assign(weight.value - 0.1 * dense(gradient, weight))
            if weight.constraint is not None:
                weight.assign(weight.constraint(weight.value))
    return [weight.numpy() for weight in layer.weights]


def write(script, cases):
    golden.write(script, cases)
