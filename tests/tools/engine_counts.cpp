// Asks llama.cpp (v0.5.0) what it would allocate for header-only GGUF files, and prints it as CSV:
//
//     c++ -O1 -std=c++17 -I llama.cpp/include -I llama.cpp/ggml/include -I llama.cpp/src engine_counts.cpp \
//         libllama.so libggml.so libggml-base.so -o engine_counts
//     engine_counts FOLDER_OF_THE_LIBRARIES memory FOLDER/*.gguf > catalogue_memory.csv
//     engine_counts FOLDER_OF_THE_LIBRARIES sizes  FOLDER/*.gguf > catalogue_sizes.csv
//
// `memory`: the model is loaded without allocating, then one context for each row; context and compute bytes are the
// engine's own memory breakdown. `sizes`: its quantizer in a dry run, with and without an importance matrix; bytes are
// counted from the type it chose for each tensor.
#include "ggml-backend.h"
#include "ggml.h"
#include "llama-ext.h"
#include "llama.h"

#include <cstdio>
#include <cstring>
#include <map>
#include <regex>
#include <string>
#include <vector>

static std::string logged;

static void keep_log(ggml_log_level, const char * text, void *) { logged += text; }

struct Row {
    uint32_t context, sequences, ubatch;
    bool flash, swa_full, unified, all_outputs;
};

static const std::vector<Row> ROWS = {
    { 4096, 1, 512, true, false, false, false },   { 32768, 1, 512, true, false, false, true },
    { 32768, 4, 512, true, false, false, false },  { 16384, 4, 256, false, false, true, true },
    { 131072, 1, 2048, true, false, false, false }, { 32768, 1, 512, true, true, false, false },
    { 8192, 1, 512, false, false, false, false },
};

static void memory(const std::string & id, const char * path) {
    llama_model_params of_model = llama_model_default_params();
    of_model.no_alloc     = true;
    of_model.load_mode    = LLAMA_LOAD_MODE_NONE;
    of_model.n_gpu_layers = 0;
    llama_model * model = llama_model_load_from_file(path, of_model);
    if (!model) {
        fprintf(stderr, "%s: %s\n", id.c_str(), logged.c_str());
        return;
    }
    for (const Row & row : ROWS) {
        llama_context_params of_context = llama_context_default_params();
        of_context.n_ctx           = row.context;
        of_context.n_seq_max       = row.sequences;
        of_context.n_batch         = 2048;
        of_context.n_ubatch        = row.ubatch;
        of_context.flash_attn_type = row.flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
        of_context.swa_full        = row.swa_full;
        of_context.kv_unified      = row.unified;
        of_context.n_outputs_max   = row.all_outputs ? 0 : row.sequences;
        llama_context * context = llama_init_from_model(model, of_context);
        size_t kept = 0, compute = 0;
        if (context) {
            for (const auto & [type, bytes] : llama_get_memory_breakdown(context)) {
                kept += bytes.context;
                compute += bytes.compute;
            }
            llama_free(context);
        }
        printf("%s,%u,%u,%u,%d,%d,%d,%d,%zu,%zu\n", id.c_str(), row.context, row.sequences, row.ubatch, row.flash,
               row.swa_full, row.unified, row.all_outputs, kept, compute);
    }
    llama_model_free(model);
}

static const std::vector<std::pair<const char *, int>> TYPES = {
    { "F16", 1 },      { "BF16", 32 },   { "Q8_0", 7 },     { "Q6_K", 18 },    { "Q5_K_M", 17 },  { "Q5_K_S", 16 },
    { "Q5_1", 9 },     { "Q5_0", 8 },    { "Q4_K_M", 15 },  { "Q4_K_S", 14 },  { "Q4_1", 3 },     { "Q4_0", 2 },
    { "IQ4_NL", 25 },  { "IQ4_XS", 30 }, { "Q3_K_L", 13 },  { "Q3_K_M", 12 },  { "Q3_K_S", 11 },  { "IQ3_M", 27 },
    { "IQ3_S", 26 },   { "IQ3_XS", 22 }, { "IQ3_XXS", 23 }, { "Q2_K", 10 },    { "Q2_K_S", 21 },  { "IQ2_M", 29 },
    { "IQ2_S", 28 },   { "IQ2_XS", 20 }, { "IQ2_XXS", 19 }, { "IQ1_M", 31 },   { "IQ1_S", 24 },   { "TQ1_0", 36 },
    { "TQ2_0", 37 },   { "MXFP4_MOE", 38 },
};

// Bytes of one tensor of the log, by the type it ends up with.
static size_t bytes_of(const std::smatch & tensor) {
    static std::map<std::string, ggml_type> types;
    if (types.empty()) {
        for (int type = 0; type < GGML_TYPE_COUNT; type++) {
            if (const char * name = ggml_type_name((ggml_type) type)) {
                types[name] = (ggml_type) type;
            }
        }
    }
    ggml_type type = types.at(tensor[6].matched ? tensor[6] : tensor[5]);
    int64_t rows = std::stoll(tensor[2]) * std::stoll(tensor[3]) * std::stoll(tensor[4]);
    int64_t block = ggml_blck_size(type);
    return (std::stoll(tensor[1]) + block - 1) / block * ggml_type_size(type) * rows;
}

static void sizes(const std::string & id, const char * path) {
    static const std::regex line(
        R"(\] +\S+ +- \[ *(\d+), *(\d+), *(\d+), *(\d+)\], type = +(\w+), size = +[\d.]+ MiB(?: -> +[\d.]+ MiB \((\w+)\))?)");
    printf("%s", id.c_str());
    for (const auto & [name, type] : TYPES) {
        size_t both[2] = { 0, 0 };
        for (int with = 0; with < 2; with++) {
            float one = 1.0f;
            llama_model_imatrix_data matrix[2] = { { "dummy", &one, 1 }, { nullptr, nullptr, 0 } };
            llama_model_quantize_params how = llama_model_quantize_default_params();
            how.ftype            = (llama_ftype) type;
            how.dry_run          = true;
            how.allow_requantize = true;
            how.imatrix          = with ? matrix : nullptr;
            logged.clear();
            if (llama_model_quantize(path, "/dev/null", &how) != 0) {
                fprintf(stderr, "%s %s: refused\n", id.c_str(), name);
                continue;
            }
            for (std::sregex_iterator found(logged.begin(), logged.end(), line), end; found != end; ++found) {
                both[with] += bytes_of(*found);
            }
        }
        both[0] == both[1] ? printf(",%zu", both[0]) : printf(",%zu/%zu", both[0], both[1]);
    }
    printf("\n");
}

int main(int count, char ** words) {
    if (count < 4) {
        fprintf(stderr, "engine_counts FOLDER_OF_THE_LIBRARIES memory|sizes FILE.gguf...\n");
        return 2;
    }
    llama_log_set(keep_log, nullptr);
    ggml_backend_load_all_from_path(words[1]);
    const bool of_memory = strcmp(words[2], "memory") == 0;
    printf(of_memory ? "model,context,sequences,ubatch,flash,swa_full,unified,all_outputs,context_bytes,compute_bytes\n" : "model");
    if (!of_memory) {
        for (const auto & [name, type] : TYPES) {
            printf(",%s", name);
        }
        printf("\n");
    }
    for (int at = 3; at < count; at++) {
        std::string id = words[at];
        id = id.substr(id.rfind('/') + 1);
        id = id.substr(0, id.size() - strlen(".gguf"));
        logged.clear();
        of_memory ? memory(id, words[at]) : sizes(id, words[at]);
        fflush(stdout);
    }
}
