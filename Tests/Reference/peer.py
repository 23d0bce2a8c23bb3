"""The PyTorch peer for speed: Hadamard adapters trained on MRPC, measured in examples per second.

Needs `pip install torch transformers` and run

    python3 Tests/Reference/peer.py --backbone DIR --data GLUE [--steps 10] [--processes 2] [--pad 128] [--single]

It trains adapters at site `heads`, the attention LayerNorm of every layer and a linear head on mean pooling, 32
examples a step in all, AdamW, clipping at 1; the backbone is frozen (no gradients for it are computed), no dropout,
attention by PyTorch's fused `sdpa`. By default each of the processes has one thread and a share of the batch, padded to
the longest of that share, and gradients are averaged by DistributedDataParallel over gloo; `--pad N` pads to N tokens,
`--single` has one process with all threads. The examples are tokenized beforehand. After a warm-up it times `--repeats`
stretches of `--steps` steps and prints one line of JSON with the median.
"""

import argparse
import json
import os
import socket
import statistics
import time
import warnings

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
import transformers
from transformers import AutoTokenizer

import glue
from hadamard import HadamardClassifier, encode, losses_of

batch_size, warmup_steps = 32, 3


def batches_of(options, rank, processes, count):
    """This process's share of `count` shuffled batches, tokenized, with labels."""
    tokenizer = AutoTokenizer.from_pretrained(options.backbone)
    sentences, labels = glue.read(options.data, "mrpc", "train")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(42)).tolist()
    share = batch_size // processes
    for step in range(count):
        first = step * batch_size + rank * share
        chosen = [order[index % len(order)] for index in range(first, first + share)]
        maximum, padding = (options.pad, "max_length") if options.pad else (128, True)
        yield encode(tokenizer, [sentences[i] for i in chosen], maximum, padding), [labels[i] for i in chosen]


def measure(rank, options, processes, port):
    torch.set_num_threads(os.cpu_count() if options.single else 1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(42)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    classifier = model = HadamardClassifier(options.backbone, classes=2)
    if processes > 1:
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*broadcast_buffers")
        store = f"tcp://127.0.0.1:{port}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=processes)
        model = torch.nn.parallel.DistributedDataParallel(
            classifier, broadcast_buffers=False, gradient_as_bucket_view=True
        )
    trained = list(classifier.trained.values())
    optimizer = torch.optim.AdamW(trained, lr=3e-3, weight_decay=0.01, fused=True)
    batches = list(batches_of(options, rank, processes, warmup_steps + options.repeats * options.steps))

    def train(stretch):
        for inputs, labels in stretch:
            optimizer.zero_grad()
            loss = losses_of(model(**inputs), labels).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
        if processes > 1:
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
        tokens = sum(int(inputs["attention_mask"].sum()) for inputs, _ in batches) / (len(batches) * batch_size)
        print(json.dumps({
            "examplesPerSecond": round(statistics.median(rates), 2), "lowest": round(min(rates), 2),
            "highest": round(max(rates), 2), "processes": processes, "threads": torch.get_num_threads(),
            "pad": options.pad or "longest", "steps": options.steps, "repeats": options.repeats,
            "tokensPerExample": round(tokens * processes, 1), "loss": round(loss, 4),
            "trainedParameters": sum(parameter.numel() for parameter in trained),
            "torch": torch.__version__, "transformers": transformers.__version__,
        }))
    if processes > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a BERT")
    parser.add_argument("--data", required=True, help="the GLUE folder")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pad", type=int, default=None, help="pad to this many tokens, not to the longest")
    parser.add_argument("--single", action="store_true", help="one process with all threads")
    options = parser.parse_args()
    if options.single or options.processes == 1:
        measure(0, options, 1, None)
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        multiprocessing.spawn(measure, (options, options.processes, port), nprocs=options.processes)
