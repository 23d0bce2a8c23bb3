"""The head of every family's sequence classifier in transformers, on the tiny encoders of Tests/Golden/encoders.

Needs `pip install torch transformers safetensors`; run `python3 Tests/Golden/training/heads.py`, after
encoders/generate.py and encoders/families.py. Each family's AutoModelForSequenceClassification is loaded from its tiny
encoder with three classes; the head's tensors are drawn here and stored as float32, and every value is computed from
them in float64. No dropout, no padding: each sequence is run by itself. The batch is `ids`, `segments`, `offsets` of
encoders/tiny-FAMILY-forward.safetensors; B = 4 sequences, d = 24.

heads.safetensors, for each FAMILY:
    labels [B] I64
    FAMILY.parameters.NAME          the head's tensors: head.weight [3, d], head.bias [3], and for all but BERT, whose
                                    head reads its pooler, head.dense.weight [d, d], head.dense.bias [d]
    FAMILY.logits [B, 3], FAMILY.losses [B] (cross-entropy)
    FAMILY.gradient.NAME            of the sum of the losses, of the head's tensors and of
                                    layer.2.output.norm.{weight,bias} [d], the last layer's
"""

import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

here = Path(__file__).parent
encoders = here.parent / "encoders"
torch.set_num_threads(1)
random = torch.Generator().manual_seed(34)
# The dense layer of the class, the map to the logits, and the last LayerNorm.
modules = {
    "bert": (None, "classifier", "bert.encoder.layer.2.output.LayerNorm"),
    "roberta": ("classifier.dense", "classifier.out_proj", "roberta.encoder.layer.2.output.LayerNorm"),
    "electra": ("classifier.dense", "classifier.out_proj", "electra.encoder.layer.2.output.LayerNorm"),
    "distilbert": ("pre_classifier", "classifier", "distilbert.transformer.layer.2.output_layer_norm"),
    "mpnet": ("classifier.dense", "classifier.out_proj", "mpnet.encoder.layer.2.output.LayerNorm"),
}
labels = torch.tensor([2, 0, 1, 2])
stored = {"labels": labels}
for family, (dense, output, norm) in modules.items():
    model = AutoModelForSequenceClassification.from_pretrained(
        encoders / f"tiny-{family}", num_labels=3, attn_implementation="eager", dtype=torch.float32).eval()
    named = {"head": output, "layer.2.output.norm": norm} | ({"head.dense": dense} if dense else {})
    tensors = {
        f"{name}.{part}": getattr(model.get_submodule(module), part)
        for name, module in named.items() for part in ("weight", "bias")
    }
    with torch.no_grad():
        for name, tensor in tensors.items():
            if name.startswith("head"):
                tensor.copy_(torch.randn(tensor.shape, generator=random) * (0.3 if name.endswith("weight") else 0.2))
                stored[f"{family}.parameters.{name}"] = tensor.detach().clone()
    model.double()
    batch = load_file(encoders / f"tiny-{family}-forward.safetensors")
    has_segments = hasattr(model.base_model.embeddings, "token_type_embeddings")
    logits = []
    for start, end in zip(batch["offsets"][:-1], batch["offsets"][1:]):
        inputs = {"input_ids": batch["ids"][None, start:end]}
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        if has_segments:
            inputs["token_type_ids"] = batch["segments"][None, start:end]
        logits.append(model(**inputs).logits[0])
    logits = torch.stack(logits)
    losses = F.cross_entropy(logits, labels, reduction="none")
    losses.sum().backward()
    stored |= {f"{family}.logits": logits, f"{family}.losses": losses}
    stored |= {f"{family}.gradient.{name}": tensor.grad for name, tensor in tensors.items()}
floats = {name: value.detach().float().contiguous() for name, value in stored.items() if name != "labels"}
save_file(floats | {"labels": labels}, here / "heads.safetensors")
(here / "VERSIONS-heads").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
