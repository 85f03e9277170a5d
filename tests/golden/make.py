#!/usr/bin/env python3
"""Cuts the engine's tables down to what the tests read: make.py REFERENCE_FOLDER

Rows with an error are dropped, rows that differ by nothing kept here (the weights' quant) are merged.
Three models list their two devices in the order of addresses in memory; the port tells which is the first.
"""
import csv, json, pathlib, sys

source = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent

OPTIONS = ["n_ctx", "n_batch", "n_ubatch", "n_parallel", "kv_unified", "flash_attn", "kv_type_k", "kv_type_v",
           "swa_full", "n_outputs_max"]
TABLES = {
    "memory_cpu.csv": ["model", *OPTIONS, "context_bytes", "compute_bytes_cpu"],
    "memory_offload_rpc.csv": ["model", *OPTIONS, "ngl", "n_cpu_moe", "tensor_split", "extra", "context_bytes_cpu",
                               "context_bytes_dev", "compute_bytes_cpu", "compute_bytes_dev"],
}
for name, columns in TABLES.items():
    rows, seen = [], set()
    for row in csv.DictReader(open(source / "llama_cpp" / name)):
        row["extra"] = row["extra"].replace("extra=0", "")
        if "breakdown_json" in row:
            parts = [p for p in json.loads(row["breakdown_json"]) if p["buft"].startswith("RPC")]
            parts.sort(key=lambda p: p["buft"].split(":")[1])
            for column, key in [("context_bytes_dev", "context"), ("compute_bytes_dev", "compute")]:
                row[column] = "+".join(str(p[key]) for p in parts)
        cut = tuple(row[c] for c in columns)
        if not row["error"] and cut not in seen:
            seen.add(cut)
            rows.append(cut)
    with open(here / name, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    print(name, len(rows))

with open(here / "models.jsonl", "w") as out:
    for row in csv.DictReader(open(source / "llama_cpp" / "models.csv")):
        out.write(json.dumps({"model": row["model"], "id": row["id"], "arch": row["arch"],
                              "params": int(row["n_params"]), "tensors": int(row["n_tensors"]),
                              "metadata": json.loads(row["metadata_json"])}) + "\n")

# Devices: the columns the catalogue keeps; the platform the table was measured on is no product.
DEVICES = {
    "accelerators.csv": ("gpus.csv", ["adapter_name", "adapter_name_alt", "vendor", "segment", "pci_ids", "pci_revs", "vram_gib",
                                      "unified_memory", "mem_type", "bandwidth_gbs", "fp16_dense_tflops", "tdp_w", "launch_usd"]),
    "platforms.csv": ("platforms.csv", ["name", "mts", "channels_64bit", "theoretical_gbs", "typical_stream_gbs",
                                        "max_ram_gib"]),
}
for name, (table, columns) in DEVICES.items():
    rows = [row for row in csv.DictReader(open(source / "hardware" / table)) if not row.get("name", "").startswith("This VM")]
    with open(here / name, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row[c].replace("ACPI QCOM (no PCI)", "") for c in columns] for row in rows)
    print(name, len(rows))
