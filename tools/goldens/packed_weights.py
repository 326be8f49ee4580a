"""Makes test/fixtures/packed-weights.json: small weights as compressed-tensors and GPTQ store them, and what those
implementations make of them. Their own code packs and unpacks:

    python3 tools/goldens/packed_weights.py COMPRESSED_TENSORS AUTOGPTQ GPTQMODEL > test/fixtures/packed-weights.json

takes the source folders of vllm-project/compressed-tensors, AutoGPTQ/AutoGPTQ and ModelCloud/GPTQModel; it needs torch,
pydantic and loguru, and nothing of transformers, whose names are stood in for.
"""
import base64
import importlib.abc
import importlib.util
import json
import pathlib
import sys
import tempfile
import types

import torch
from safetensors.torch import save_file


class Anything(types.ModuleType):
    """A module whose every name is a class that only logs, and which has any module under it."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"debug": lambda *given: None})


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """What the implementations import and what packing does not need."""

    names = ("transformers", "huggingface_hub", "accelerate", "tqdm", "frozendict", "psutil", "device_smi", "logbar")
    modules = ("compressed_tensors.version", "gptqmodel.utils.logger", "gptqmodel.utils.torch")

    def find_spec(self, name, path=None, target=None):
        known = name in self.modules or name.split(".")[0] in self.names
        return importlib.util.spec_from_loader(name, self) if known else None

    def create_module(self, spec):
        return Anything(spec.name)

    def exec_module(self, module):
        pass


def stored(tensor):
    tensor = tensor.detach()
    names = {torch.int32: "I32", torch.int64: "I64", torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32"}
    raw = tensor.flatten().clone().view(torch.uint8)
    return {
        "dtype": names[tensor.dtype],
        "shape": list(tensor.shape),
        "bytes": base64.b64encode(raw.numpy().tobytes()).decode(),
    }


def case(what, config, tensors, weight):
    return {
        "what": what,
        "config": config,
        "tensors": {name: stored(tensor) for name, tensor in tensors.items()},
        "weight": stored(weight),
    }


def compressed(seed, rows, columns, bits, symmetric, group, dtype, actorder=False):
    from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    torch.manual_seed(seed)
    weights = QuantizationArgs(
        num_bits=bits,
        type="int",
        symmetric=symmetric,
        strategy="channel" if group is None else "group",
        group_size=group,
        actorder="group" if actorder else None,
    )
    scheme = QuantizationScheme(targets=["Linear"], weights=weights)
    groups = 1 if group is None else columns // group
    top = 2 ** (bits - 1)
    state = {
        "weight": torch.randn(rows, columns, dtype=dtype),
        "weight_scale": (torch.rand(rows, groups) * 4 / top + 0.5 / top).to(dtype),
    }
    if not symmetric:
        state["weight_zero_point"] = torch.randint(-top, top, (rows, groups), dtype=torch.int8)
    if actorder:
        state["weight_g_idx"] = torch.randperm(columns).to(torch.int32) // group
    packed = PackedQuantizationCompressor.compress(state, scheme)
    unpacked = PackedQuantizationCompressor.decompress(dict(packed), scheme)["weight"]
    config = {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "kv_cache_scheme": None,
        "global_compression_ratio": None,
        "config_groups": {"group_0": json.loads(scheme.model_dump_json())},
    }
    what = f"compressed-tensors, int{bits}, {'symmetric' if symmetric else 'asymmetric'}, "
    what += "channels" if group is None else f"groups of {group}"
    what += (", act-order" if actorder else "") + f", {str(dtype)[6:]}"
    return case(what, config, packed, unpacked)


def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_gptqmodel(tensors, config):
    """The weight as GPTQModel converts a file of it to float16."""
    from gptqmodel.utils.model_dequant import convert_gptq_file

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.safetensors"
        save_file({f"x.{name}": tensor.contiguous() for name, tensor in tensors.items()}, path)
        return convert_gptq_file(path, torch.float16, config, "cpu")["x.weight"]


def gptq(autogptq, seed, rows, columns, bits, symmetric, group, order, version=1):
    """Packed by AutoGPTQ; unpacked by it too, as the product with the identity."""
    cuda = module_of("qlinear_cuda", f"{autogptq}/auto_gptq/nn_modules/qlinear/qlinear_cuda.py")
    torch.manual_seed(seed)
    layer = cuda.QuantLinear(bits, group, columns, rows, bias=False, weight_dtype=torch.float16)
    linear = torch.nn.Linear(columns, rows, bias=False).half()
    size = columns if group == -1 else group
    groups = -(-columns // size)
    scales = (torch.rand(rows, groups) * 2**-bits + 2 ** -(bits + 1)).half()
    top = 2**bits
    if symmetric:
        zeros = torch.full((rows, groups), top // 2, dtype=torch.float16)
    else:
        # From 1 on: a 0 is stored as -1, which fills the neighbouring fields with ones.
        zeros = torch.randint(1, top, (rows, groups)).half()
    g_idx = (torch.arange(columns) // size).int()
    if order:
        g_idx = g_idx[torch.randperm(columns)]
    with torch.no_grad():
        codes = torch.randint(0, top, (rows, columns))
        s, z = scales[:, g_idx.long()], zeros[:, g_idx.long()]
        linear.weight.copy_(((codes - z.float()) * s.float()).half())
    # In float32, where the rounding of a quotient in half a step cannot reach the next code.
    linear.weight.data = linear.weight.data.float()
    layer.pack(linear, scales.float(), zeros.float(), g_idx)
    layer.scales = layer.scales.half()
    weight = layer.half()(torch.eye(columns).half()).t().contiguous()
    tensors = {"qweight": layer.qweight, "qzeros": layer.qzeros, "scales": layer.scales, "g_idx": layer.g_idx}
    if version == 2:
        # GPTQModel's second format stores zero points themselves: a word is AutoGPTQ's, plus one in every field.
        plus = sum(1 << shift for shift in range(0, 32, bits))
        words = (layer.qzeros.to(torch.int64) + plus) & 0xFFFFFFFF
        tensors["qzeros"] = torch.where(words >= 2**31, words - 2**32, words).int()
    config = {
        "quant_method": "gptq",
        "bits": bits,
        "group_size": group,
        "desc_act": order,
        "sym": symmetric,
        "checkpoint_format": "gptq" if version == 1 else "gptq_v2",
        "damp_percent": 0.01,
        "true_sequential": True,
    }
    if not torch.equal(by_gptqmodel(tensors, config), weight):
        raise ValueError("AutoGPTQ and GPTQModel make different weights of the same file")
    what = f"GPTQ, {bits} bits, {'symmetric' if symmetric else 'asymmetric'}, "
    what += ("one group" if group == -1 else f"groups of {group}") + (", act-order" if order else "")
    return case(what + (", second format" if version == 2 else ""), config, tensors, weight)


def awq(seed, rows, columns, group):
    """Packed as AutoAWQ's WQLinear_GEMM packs: of 8 neighbouring rows, a word holds 0, 2, 4, 6, 1, 3, 5, 7 from its lowest bits."""
    torch.manual_seed(seed)
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    groups = columns // group
    scales = (torch.rand(groups, rows) / 16 + 1 / 32).half()
    zeros, codes = torch.randint(0, 16, (groups, rows)), torch.randint(0, 16, (columns, rows))

    def packed(values):
        words = sum(values[:, place::8].to(torch.int64) << 4 * i for i, place in enumerate(order))
        return torch.where(words >= 2**31, words - 2**32, words).int()

    of_column = torch.arange(columns) // group
    weight = ((codes - zeros[of_column]).half() * scales[of_column]).t().contiguous()
    tensors = {"qweight": packed(codes), "qzeros": packed(zeros), "scales": scales}
    config = {"quant_method": "awq", "bits": 4, "group_size": group, "zero_point": True, "version": "gemm",
              "modules_to_not_convert": None}
    return case(f"AWQ, groups of {group}", config, tensors, weight)


def main():
    sys.meta_path.insert(0, StandIns())
    importlib.import_module("transformers.pytorch_utils")
    sys.modules["transformers"].pytorch_utils = sys.modules["transformers.pytorch_utils"]
    sys.path.insert(0, f"{sys.argv[1]}/src")
    # Without GPTQModel's own start, which wants a device and all of transformers.
    for name in ["gptqmodel", "gptqmodel.utils", "gptqmodel.quantization"]:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [f"{sys.argv[3]}/{name.replace('.', '/')}"]
    half, brain = torch.float16, torch.bfloat16
    cases = [
        compressed(1, 32, 64, 4, True, 16, brain),
        compressed(2, 24, 32, 4, False, 8, half),
        compressed(3, 20, 36, 4, True, None, brain),
        compressed(4, 21, 35, 4, False, None, brain),
        compressed(5, 16, 64, 4, True, 16, half, actorder=True),
        compressed(6, 17, 64, 4, False, 16, brain, actorder=True),
        compressed(7, 20, 32, 8, True, 16, brain),
        compressed(8, 18, 30, 8, False, None, half),
        compressed(9, 10, 33, 8, False, 11, torch.float32),
    ]
    auto = sys.argv[2]
    cases += [
        gptq(auto, 11, 32, 64, 4, True, 16, False),
        gptq(auto, 12, 64, 32, 4, False, 16, True),
        gptq(auto, 13, 32, 32, 4, True, -1, False),
        gptq(auto, 14, 32, 64, 8, True, 32, False),
        gptq(auto, 15, 64, 64, 8, False, 32, True),
        gptq(auto, 16, 32, 64, 4, False, 16, True, version=2),
    ]
    cases += [awq(21, 32, 48, 16), awq(22, 16, 64, 64)]
    print(json.dumps(cases, indent=2))


main()
