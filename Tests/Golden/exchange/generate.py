"""Adapters as PEFT and AdapterHub themselves save them, on the tiny encoders, with the logits they give.

    python3 Tests/Golden/exchange/generate.py peft         needs `pip install torch transformers safetensors peft`
    python3 Tests/Golden/exchange/generate.py adapters     needs `pip install torch safetensors adapters`

(`adapters` wants transformers of its own choice.) SOFTWARE-NAME/ is the folder that the software's own saving writes,
with parameters moved away from their start; SOFTWARE.safetensors has NAME [B, 2], the logits of its own loading for the
batch of encoders/tiny-FAMILY-forward.safetensors. The family is BERT, or the first part of NAME. adapter_config.json
names no place of the machine it was written on.
"""

import json
import platform
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

here = Path(__file__).parent
encoders = here.parent / "encoders"
tiny = encoders / "tiny-bert"


def inputs_of(family):
    batch = load_file(encoders / f"tiny-{family}-forward.safetensors")
    offsets = batch["offsets"].tolist()
    longest = max(end - start for start, end in zip(offsets, offsets[1:]))

    def padded(packed):
        rows = torch.zeros(len(offsets) - 1, longest, dtype=torch.long)
        for row, start, end in zip(rows, offsets, offsets[1:]):
            row[: end - start] = packed[start:end]
        return rows

    inputs = {"input_ids": padded(batch["ids"]), "attention_mask": padded(torch.ones_like(batch["ids"]))}
    return inputs | ({"token_type_ids": padded(batch["segments"])} if family in ("bert", "electra") else {})


logits = {}


def move(model):
    """Moves all that is trained, so that every tensor matters."""
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.2 * torch.randn(parameter.shape, generator=random)


def answer(name, model, family="bert"):
    with torch.no_grad():
        logits[name] = model.eval()(**inputs_of(family)).logits.contiguous()


def peft():
    from peft import HiraConfig, IA3Config, LNTuningConfig, LoraConfig, PeftModel, get_peft_model
    from peft import __version__ as version

    def base(family):
        torch.manual_seed(1)
        return transformers.AutoModelForSequenceClassification.from_pretrained(encoders / f"tiny-{family}", num_labels=2)

    everything = r".*layer\.[02]\.(attention|intermediate|output)\..*(query|key|value|dense)"
    lora = {"task_type": "SEQ_CLS", "r": 4, "lora_alpha": 12}
    cases = {
        ("bert", "lora"): LoraConfig(**lora),
        ("bert", "lora-all"): LoraConfig(task_type="SEQ_CLS", r=2, target_modules=everything),
        ("bert", "lora-pooler"): LoraConfig(**lora, modules_to_save=["classifier", "pooler"]),
        ("bert", "ia3"): IA3Config(task_type="SEQ_CLS"),
        ("bert", "layernorm"): LNTuningConfig(task_type="SEQ_CLS", target_modules=["LayerNorm"]),
        ("bert", "hut"): HiraConfig(task_type="SEQ_CLS", r=3, target_modules=["query", "value", "intermediate.dense"]),
        ("roberta", "lora"): LoraConfig(**lora),
        ("roberta", "ia3"): IA3Config(task_type="SEQ_CLS"),
        ("roberta", "hut"): HiraConfig(task_type="SEQ_CLS", r=3, target_modules=["query", "value"]),
        ("electra", "lora"): LoraConfig(**lora, target_modules=["query", "value", "intermediate.dense"]),
        ("electra", "layernorm"): LNTuningConfig(task_type="SEQ_CLS", target_modules=["LayerNorm"]),
        ("distilbert", "lora"): LoraConfig(
            **lora, target_modules=["q_lin", "v_lin", "out_lin", "lin1"],
            modules_to_save=["pre_classifier", "classifier"]),
        ("distilbert", "ia3"): IA3Config(
            task_type="SEQ_CLS", target_modules=["k_lin", "v_lin", "lin2"], feedforward_modules=["lin2"],
            modules_to_save=["pre_classifier", "classifier"]),
        ("distilbert", "layernorm"): LNTuningConfig(
            task_type="SEQ_CLS", target_modules=["sa_layer_norm", "output_layer_norm"],
            modules_to_save=["pre_classifier", "classifier"]),
        ("mpnet", "lora"): LoraConfig(**lora, target_modules=["q", "k", "v", "o"]),
    }
    for (family, method), config in cases.items():
        name = method if family == "bert" else f"{family}-{method}"
        folder = here / f"peft-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        model = get_peft_model(base(family), config)
        move(model)
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        file = folder / "adapter_config.json"
        settings = json.loads(file.read_text()) | {"base_model_name_or_path": f"tiny-{family}"}
        file.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        answer(name, PeftModel.from_pretrained(base(family), folder), family)
    return f"peft {version}"


def adapters():
    import adapters as library
    from adapters import AutoAdapterModel

    lora = library.LoRAConfig(r=4, alpha=12, intermediate_lora=True, output_lora=True)
    cases = {
        ("bert", "houlsby"): library.DoubleSeqBnConfig(reduction_factor=4),
        ("bert", "pfeiffer"): library.SeqBnConfig(reduction_factor=3, leave_out=[1]),
        ("bert", "pfeiffer-output"): library.SeqBnConfig(reduction_factor=4, original_ln_before=False),
        ("bert", "pfeiffer-gelu"): library.SeqBnConfig(reduction_factor=6),
        ("bert", "parallel"): library.ParBnConfig(reduction_factor=4, scaling=2.0),
        ("bert", "lora"): lora,
        ("bert", "ia3"): library.IA3Config(),
        ("roberta", "pfeiffer"): library.SeqBnConfig(reduction_factor=4),
        ("roberta", "lora"): lora,
        ("electra", "houlsby"): library.DoubleSeqBnConfig(reduction_factor=4),
        ("electra", "ia3"): library.IA3Config(),
        ("distilbert", "houlsby"): library.DoubleSeqBnConfig(reduction_factor=4),
        ("distilbert", "pfeiffer"): library.SeqBnConfig(reduction_factor=4),
        ("distilbert", "parallel"): library.ParBnConfig(reduction_factor=4, scaling=2.0),
        ("distilbert", "lora"): lora,
    }
    activations = {"roberta": "tanh", "electra": "gelu", "distilbert": "relu"}
    for (family, method), config in cases.items():
        name = method if family == "bert" else f"{family}-{method}"
        folder = here / f"adapters-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(1)
        model = AutoAdapterModel.from_pretrained(encoders / f"tiny-{family}")
        model.add_adapter("warmth", config=config)
        # One of BERT's heads reads the pooler and one has a dense layer; the rows are in another order than the task's.
        activation = "gelu" if method == "pfeiffer-gelu" else activations.get(family)
        model.add_classification_head(
            "warmth", num_labels=2, layers=2 if activation else 1, activation_function=activation or "tanh",
            id2label={0: "cold", 1: "warm"}, **({"use_pooler": method == "lora"} if family == "bert" else {}))
        model.train_adapter("warmth")
        move(model)
        model.save_adapter(str(folder), "warmth", with_head=True, use_safetensors=True)
        for file in folder.glob("*.json"):
            settings = json.loads(file.read_text()) | {"model_name": f"tiny-{family}"}
            file.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        loaded = AutoAdapterModel.from_pretrained(encoders / f"tiny-{family}")
        loaded.set_active_adapters(loaded.load_adapter(str(folder), with_head=True, use_safetensors=True))
        answer(name, loaded, family)
    return f"adapters {library.__version__}"


software = sys.argv[1]
version = {"peft": peft, "adapters": adapters}[software]()
save_file(logits, here / f"{software}.safetensors")
(here / f"VERSIONS-{software}").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\ntransformers {transformers.__version__}\n{version}\n"
)
