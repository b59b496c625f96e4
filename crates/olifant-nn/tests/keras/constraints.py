"""What the constraints make of weights.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python constraints.py

A case holds the constraint's class, its options, the tensor `w` and the `result`.
"""

import golden
import keras
import numpy as np

rng = np.random.default_rng(9)


def constrain(constraint, w, **options):
    w = np.asarray(w, np.float32)
    result = getattr(keras.constraints, constraint)(**options)(w)
    return {"constraint": constraint, "options": options, "w": w, "result": result}


cases = []
for w in [2 * rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2, 2)), [0.0, -0.0, 1e-9, -3.0], np.zeros((2, 2))]:
    last = np.ndim(w) - 1
    cases += [
        constrain("MaxNorm", w),
        constrain("MaxNorm", w, max_value=0.5, axis=last),
        constrain("NonNeg", w),
        constrain("UnitNorm", w),
        constrain("UnitNorm", w, axis=sorted({0, last})),
        constrain("UnitNorm", w, axis=-1),
        constrain("MinMaxNorm", w),
        constrain("MinMaxNorm", w, min_value=2.0, max_value=3.0),
        constrain("MinMaxNorm", w, min_value=0.8, max_value=1.2, rate=0.3, axis=list(range(last))),
    ]
golden.write(__file__, [case for case in cases if case["options"].get("axis") != []])
