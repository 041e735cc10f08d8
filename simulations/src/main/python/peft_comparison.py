#!/usr/bin/env python3
"""Livegraft beside PEFT, transformers and PyTorch on the same card.

    peft_comparison.py train --shape 8b [--livegraft train.json]
        Steps of LoRA training on random weights of a shape; QLoRA where bitsandbytes is installed, else on a bfloat16 base, which
        is the faster of the two there. With the file that `livegraft bench train --backend cuda --out train.json` wrote, the ratio.

    peft_comparison.py exchange --base DIR --adapter DIR --text FILE --livegraft COMMAND
        An adapter that Livegraft trained, loaded by PEFT: mean loss of the text in float32 beside `livegraft eval`.
        Then one that PEFT made, loaded by Livegraft, the same way. Exit 1 where they differ by more than 1e-3 nats.

The last line of standard output is one JSON object.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

# hidden, intermediate, layers, heads, key and value heads, vocabulary: as ModelShape has them
SHAPES = {
    "tiny": (192, 512, 4, 6, 3, 1024),
    "135m": (576, 1536, 30, 9, 3, 49152),
    "1.1b": (2048, 5632, 22, 32, 4, 32000),
    "8b": (4096, 14336, 32, 32, 8, 128256),
}
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TOLERANCE_NATS = 1e-3


def quantized(model):
    """Replaces the linear layers but the head by bitsandbytes' NF4 ones, where there is bitsandbytes."""
    try:
        import bitsandbytes as bnb
    except ImportError:
        return False
    for module in list(model.model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                four = bnb.nn.Linear4bit(
                    child.in_features, child.out_features, bias=False, compute_dtype=torch.bfloat16,
                    compress_statistics=True, quant_type="nf4")
                four.weight = bnb.nn.Params4bit(
                    child.weight.data.cpu(), requires_grad=False, compress_statistics=True, quant_type="nf4")
                setattr(module, name, four)
    model.cuda()
    return True


def train(arguments):
    hidden, intermediate, layers, heads, kv_heads, vocabulary = SHAPES[arguments.shape]
    config = LlamaConfig(
        hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=kv_heads, vocab_size=vocabulary, max_position_embeddings=max(2048, arguments.context),
        attn_implementation="sdpa")
    torch.manual_seed(1)
    with torch.device("cuda"):
        torch.set_default_dtype(torch.bfloat16)
        model = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    four_bits = quantized(model)
    model = get_peft_model(
        model, LoraConfig(r=arguments.rank, lora_alpha=arguments.rank, target_modules=LINEARS, task_type="CAUSAL_LM"))
    if arguments.checkpointing:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    ids = torch.randint(0, vocabulary, (arguments.sequences, arguments.context), device="cuda")

    def step():
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    for _ in range(3):
        step()
    rates = []
    for _ in range(arguments.steps):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        step()
        torch.cuda.synchronize()
        rates.append(ids.numel() / (time.perf_counter() - begin))
    median = sorted(rates)[len(rates) // 2]
    result = {
        "shape": arguments.shape,
        "base": "nf4 (bitsandbytes)" if four_bits else "bfloat16",
        "tokensPerSecond": median,
        "peakBytes": torch.cuda.max_memory_allocated(),
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
    }
    if arguments.livegraft:
        with open(arguments.livegraft, encoding="utf-8") as file:
            ours = json.load(file)["tokensPerSecond"]["median"]
        result["livegraftTokensPerSecond"] = ours
        result["ratio"] = ours / median
        print(f"Livegraft {ours:.0f}, PEFT {median:.0f} tokens per second: {ours / median:.2f} times as many")
    print(json.dumps(result))
    return 0


def peft_loss(base, adapter, ids):
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32), adapter).to(device())
    with torch.no_grad():
        logits = model.eval()(input_ids=ids.to(device())).logits[0, :-1].double()
    targets = ids[0, 1:].to(device())
    return float(torch.nn.functional.cross_entropy(logits, targets))


def device():
    return "cuda" if torch.cuda.is_available() else "cpu"


def livegraft_loss(command, base, adapter, text):
    output = subprocess.run(
        [*command.split(), "eval", "--base", base, "--adapter", adapter, "--text", text, "--precision", "fp32", "--json"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])["meanNll"]


def made_by_peft(base, directory):
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32),
        LoraConfig(r=8, lora_alpha=16, target_modules=LINEARS, task_type="CAUSAL_LM"))
    torch.manual_seed(2)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    model.save_pretrained(directory)


def exchange(arguments):
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    with open(arguments.text, encoding="utf-8") as file:
        ids = tokenizer(file.read(), return_tensors="pt", add_special_tokens=False).input_ids
    if tokenizer.bos_token_id is not None:
        ids = torch.cat([torch.tensor([[tokenizer.bos_token_id]]), ids], dim=1)
    results = {}
    with tempfile.TemporaryDirectory() as directory:
        made_by_peft(arguments.base, directory)
        for name, adapter in (("livegraft's", arguments.adapter), ("peft's", directory)):
            theirs = peft_loss(arguments.base, adapter, ids)
            ours = livegraft_loss(arguments.livegraft, arguments.base, adapter, arguments.text)
            results[name] = {"peft": theirs, "livegraft": ours, "difference": abs(ours - theirs)}
            print(f"{name} adapter: PEFT {theirs:.6f}, Livegraft {ours:.6f} nats")
    print(json.dumps(results))
    agree = all(math.isfinite(one["difference"]) and one["difference"] <= TOLERANCE_NATS for one in results.values())
    return 0 if agree else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("train")
    one.add_argument("--shape", choices=SHAPES, default="8b")
    one.add_argument("--rank", type=int, default=16)
    one.add_argument("--context", type=int, default=2048)
    one.add_argument("--sequences", type=int, default=4)
    one.add_argument("--steps", type=int, default=5)
    one.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    one.add_argument("--livegraft", help="what `livegraft bench train --out` wrote")
    one.set_defaults(run=train)
    two = commands.add_parser("exchange")
    two.add_argument("--base", required=True)
    two.add_argument("--adapter", required=True)
    two.add_argument("--text", required=True)
    two.add_argument("--livegraft", default="livegraft", help="the command")
    two.set_defaults(run=exchange)
    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
