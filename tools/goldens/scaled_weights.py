"""Makes test/fixtures/scaled-weights.json: float8 and int8 weights with scales, and the BF16 that they stand for, by torch.

    python3 tools/goldens/scaled_weights.py          (Debian: python3-torch)
"""

import base64
import json
import os

import torch

FIXTURE = os.path.join(os.path.dirname(__file__), "..", "..", "test", "fixtures", "scaled-weights.json")


def text(tensor):
    return base64.b64encode(tensor.contiguous().view(torch.uint8).numpy().tobytes()).decode()


def case(stored, block, dtype="F8_E4M3"):
    """Scales are random; the last blocks of rows and columns are cut off by the edge of the tensor."""
    rows, columns = stored.shape
    down, across = block or (rows, columns)
    shape = (-(-rows // down), -(-columns // across))
    scales = torch.rand(shape, generator=rng) * 0.01 + 1e-4
    spread = scales.repeat_interleave(down, 0)[:rows].repeat_interleave(across, 1)[:, :columns]
    product = (stored.to(torch.float32) * spread).to(torch.bfloat16)
    return dict(dtype=dtype, shape=[rows, columns], block=block, stored=text(stored), scales=text(scales), scalesShape=list(shape),
                bf16=text(product))


rng = torch.Generator().manual_seed(4)
every = torch.arange(256, dtype=torch.int32).to(torch.uint8).view(torch.float8_e4m3fn).reshape(16, 16)
random = (torch.randn(7, 11, generator=rng) * 100).to(torch.float8_e4m3fn)
whole = torch.arange(-128, 128, dtype=torch.int32).to(torch.int8).reshape(16, 16)
cases = [case(every, [16, 16]), case(random, [3, 4]), case(random, None), case(whole, [1, 16], "I8"), case(whole, [1, 8], "I8"),
         case(whole, [16, 16], "I8"), case(random, [1, 11])]
with open(FIXTURE, "w") as file:
    file.write(json.dumps(cases, indent=1) + "\n")
