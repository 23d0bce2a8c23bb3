"""Batches of examples for the PyTorch side, and their losses."""

import torch
import torch.nn.functional as F


def encode(tokenizer, sentences, maximum, padding=True, tensors="pt"):
    """One batch of tensors, or of lists if `tensors` is None; each example is a list of one or two sentences."""
    columns = [list(column) for column in zip(*sentences)]
    return tokenizer(
        *columns, truncation="longest_first", max_length=maximum, padding=padding, return_tensors=tensors,
        return_token_type_ids=True, return_attention_mask=True,
    )


def losses_of(logits, labels):
    """Each example's loss: cross-entropy, or the squared error if labels are floats."""
    if isinstance(labels[0], float):
        return (logits[:, 0] - torch.tensor(labels, dtype=logits.dtype)) ** 2
    return F.cross_entropy(logits, torch.tensor(labels), reduction="none")
