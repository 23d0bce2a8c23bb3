"""The PyTorch peer for speed: one adapter method trained on one GLUE task, measured in examples per second.

Needs `pip install torch transformers safetensors` and run

    python3 Tests/Reference/peer.py --backbone DIR --data GLUE [--task mrpc] [--adapter '{"method": "lora"}']
        [--pooling cls] [--processes 2] [--threads 1] [--pad 128 | --group-by-length] [--bf16] [--steps 10] [--repeats 3]

It trains the adapter and a linear head on the mean of all tokens, or on the first one (`--pooling cls`), with 32 examples
per step in all, fused AdamW, clipping at 1, and no dropout. The frozen backbone's tensors require no gradients, so autograd
stops at the lowest trained layer; if only the head is trained, the encoder runs under `no_grad`. Attention is PyTorch's
fused kernel; nothing is compiled or cached from step to step. Of several processes each has a share of the batch, padded to
the longest of that share or to `--pad` tokens, and DistributedDataParallel averages the gradients over gloo. Examples are
tokenized beforehand. After a warm-up it times `--repeats` stretches of `--steps` steps and prints one line of JSON with the
median.

With `--group-by-length` a batch's examples have like lengths, by the function of transformers' Trainer. Such batches differ
in length, so every stretch has some of each length, evenly spaced among the epoch's. `--bf16` computes under
`torch.autocast`, with the frozen maps kept in bfloat16, which spares autocast their conversion in every step.
"""

import argparse
import json
import socket
import statistics
import time
import warnings

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
import transformers
from transformers import AutoTokenizer
from transformers.trainer_pt_utils import get_length_grouped_indices

import glue
import methods
from batches import encode, losses_of
from bert import Bert

batch_size, maximum_tokens, warmup_steps = 32, 128, 3


class Classifier(torch.nn.Module):
    """A frozen BERT with an adapter of `methods` and a linear head; `parameters` are trained."""

    def __init__(self, backbone, adapter, pooling, classes, bf16=False):
        super().__init__()
        self.pooling, self.bf16 = pooling, bf16
        self.bert = Bert(backbone, torch.float32, fused=True)
        self.method = methods.build(adapter, self.bert)
        starts = self.method.parameters
        self.adapter = torch.nn.ParameterList(map(start_of, starts, starts.values()))
        self.method.parameters = dict(zip(starts, self.adapter))
        self.head = torch.nn.Linear(self.bert.width, classes)
        if bf16:
            for name, tensor in self.bert.tensors.items():
                if tensor.dim() == 2 and name.startswith("encoder."):
                    self.bert.tensors[name] = tensor.bfloat16()

    def forward(self, input_ids, token_type_ids, attention_mask):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            with torch.set_grad_enabled(len(self.adapter) > 0):
                hidden = self.bert.hidden(input_ids, token_type_ids, attention_mask, self.method)
                mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
                pooled = hidden[:, 0] if self.pooling == "cls" else (hidden * mask).sum(1) / mask.sum(1)
            return self.head(pooled).float()


def start_of(name, tensor):
    """A tensor's start: matrices of zeros would leave some gradients 0."""
    empty = name.endswith(".weight") and not tensor.any()
    return torch.nn.Parameter(torch.randn_like(tensor) * 0.02 if empty else tensor.clone())


def batches_of(options, rank):
    """This process's shares of the warm-up's batches and of each stretch's, tokenized, with labels."""
    tokenizer = AutoTokenizer.from_pretrained(options.backbone)
    sentences, labels = glue.read(options.data, options.task, "train")
    count = warmup_steps + options.repeats * options.steps
    random = torch.Generator().manual_seed(options.seed)
    if options.group_by_length:
        lengths = [len(ids) for ids in encode(tokenizer, sentences, maximum_tokens, False, tensors=None)["input_ids"]]
        order = stratified(get_length_grouped_indices(lengths, batch_size, generator=random), lengths, options, random)
    else:
        order = torch.randperm(len(labels), generator=random).tolist()
        order = [order[index % len(order)] for index in range(count * batch_size)]
    padding = "max_length" if options.pad else True
    for step in range(count):
        chosen = order[step * batch_size + rank : (step + 1) * batch_size : options.processes]
        inputs = encode(tokenizer, [sentences[i] for i in chosen], options.pad or maximum_tokens, padding)
        yield inputs, [labels[i] for i in chosen]


def stratified(order, lengths, options, random):
    """Examples of the warm-up and of each stretch: whole batches of `order`, evenly spaced among them by length."""
    batches = [order[first : first + batch_size] for first in range(0, len(order) - batch_size + 1, batch_size)]
    batches.sort(key=lambda batch: sum(lengths[i] for i in batch))
    middle = len(batches) // 2
    chosen = batches[middle : middle + warmup_steps]
    for repeat in range(options.repeats):
        places = [(step + (repeat + 0.5) / options.repeats) / options.steps for step in range(options.steps)]
        stretch = [batches[int(place * len(batches))] for place in places]
        chosen += [stretch[i] for i in torch.randperm(options.steps, generator=random)]
    return [i for batch in chosen for i in batch]


def measure(rank, options, port):
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(options.seed)
    transformers.utils.logging.set_verbosity_error()
    classes = len(glue.tasks[options.task][3] or ["score"])
    classifier = model = Classifier(options.backbone, options.adapter, options.pooling, classes, options.bf16)
    if options.processes > 1:
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*broadcast_buffers")
        store = f"tcp://127.0.0.1:{port}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=options.processes)
        model = torch.nn.parallel.DistributedDataParallel(
            classifier, broadcast_buffers=False, gradient_as_bucket_view=True
        )
    trained = list(classifier.parameters())
    optimizer = torch.optim.AdamW(trained, lr=3e-3, weight_decay=0.01, fused=True)
    batches = list(batches_of(options, rank))

    def train(stretch):
        for inputs, labels in stretch:
            optimizer.zero_grad()
            loss = losses_of(model(**inputs), labels).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
        if options.processes > 1:
            distributed.barrier()
        return float(loss.detach())

    train(batches[:warmup_steps])
    rates = []
    for repeat in range(options.repeats):
        first = warmup_steps + repeat * options.steps
        start = time.perf_counter()
        loss = train(batches[first : first + options.steps])
        rates.append(options.steps * batch_size / (time.perf_counter() - start))
    if rank == 0:
        masks = [inputs["attention_mask"] for inputs, _ in batches[warmup_steps:]]
        examples = sum(map(len, masks))
        print(json.dumps({
            "examplesPerSecond": round(statistics.median(rates), 2), "lowest": round(min(rates), 2),
            "highest": round(max(rates), 2), "processes": options.processes, "threads": torch.get_num_threads(),
            "task": options.task, "adapter": options.adapter, "pooling": options.pooling, "pad": options.pad or "longest",
            "groupByLength": options.group_by_length, "arithmetic": "bfloat16" if options.bf16 else "float32",
            "steps": options.steps, "repeats": options.repeats,
            "tokensPerExample": round(sum(int(mask.sum()) for mask in masks) / examples, 1),
            "paddedTokensPerExample": round(sum(mask.numel() for mask in masks) / examples, 1),
            "loss": round(loss, 4), "trainedParameters": sum(parameter.numel() for parameter in trained),
            "torch": torch.__version__, "transformers": transformers.__version__,
        }))
    if options.processes > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a BERT")
    parser.add_argument("--data", required=True, help="the GLUE folder")
    parser.add_argument("--task", default="mrpc", choices=glue.tasks)
    parser.add_argument("--adapter", type=json.loads, default={"method": "hadamard"},
                        help="a study's adapter section, as JSON; {\"method\": \"head\"} trains the head alone")
    parser.add_argument("--pooling", default="mean", choices=("mean", "cls"), help="the tokens that the head reads")
    parser.add_argument("--steps", type=int, default=10, help="steps of a stretch")
    parser.add_argument("--repeats", type=int, default=3, help="stretches that are timed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    layout = parser.add_mutually_exclusive_group()
    layout.add_argument("--pad", type=int, default=None, help="pad to this many tokens, not to the longest")
    layout.add_argument("--group-by-length", action="store_true", help="batches of like lengths")
    parser.add_argument("--bf16", action="store_true", help="torch.autocast to bfloat16")
    parser.add_argument("--seed", type=int, default=42, help="of the order of the examples")
    options = parser.parse_args()
    if options.processes < 1 or batch_size % options.processes:
        parser.error(f"--processes: found {options.processes}, expected a divisor of {batch_size}")
    if min(options.steps, options.repeats, options.threads) < 1:
        parser.error("--steps, --repeats and --threads: expected 1 or more")
    if options.processes == 1:
        measure(0, options, None)
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        multiprocessing.spawn(measure, (options, port), nprocs=options.processes)
