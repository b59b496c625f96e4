"""Images moved, turned and stretched. Run: python affine_transforms.py

A case holds `images`, `transforms` (a0 b0 c0 a1 b1 c1 for each), `interpolation`, `fill_mode`, and the `result`,
in which what lies outside is 0.5 if the fill mode is constant.
"""

import golden
import keras
import numpy as np

random = np.random.default_rng(1)
cases = []
for rows, columns in [(4, 5), (1, 3)]:
    images = random.uniform(-1, 1, (5, rows, columns, 2)).astype(np.float32)
    # A small change, turned, far away to both sides, mirrored.
    transforms = np.array(
        [
            [1.1, 0.0, -0.3, 0.0, 0.9, 0.4],
            [0.8, -0.6, 1.2, 0.6, 0.8, -0.9],
            [1.0, 0.0, -13.3, 0.0, 1.0, 9.6],
            [1.0, 0.0, 14.7, 0.0, 1.0, -11.2],
            [-1.0, 0.0, columns - 1, 0.0, -1.0, rows - 1],
        ],
        np.float32,
    )
    matrices = np.concatenate([transforms, np.zeros((5, 2), np.float32)], axis=1)
    for interpolation in ["bilinear", "nearest"]:
        for fill_mode in ["reflect", "wrap", "constant", "nearest"]:
            result = keras.ops.image.affine_transform(
                images, matrices, interpolation=interpolation, fill_mode=fill_mode, fill_value=0.5, data_format="channels_last"
            )
            options = {"interpolation": interpolation, "fill_mode": fill_mode}
            cases.append({"images": images, "transforms": transforms, **options, "result": result.numpy()})
golden.write(__file__, cases)
