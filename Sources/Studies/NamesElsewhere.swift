import Adapters
import Diagnostics

/// Keys and values of PEFT, AdapterHub and the Hugging Face Trainer, and their places in a study.
package struct NamesElsewhere: ForeignNames {
    /// A key of other software under all its names.
    package struct Key: Sendable {
        package let names: [String]
        /// The study's key; nil if it has none.
        package let path: String?
        /// The conversion, or the reason why a study has no such key.
        package let remark: String?

        fileprivate init(_ names: String, _ path: String?, _ remark: String? = nil) {
            self.names = names.split(separator: " ").map(String.init)
            (self.path, self.remark) = (path, remark)
        }
    }

    package init() {}

    package func remedy(forKey key: String, in section: String, known: [String]) -> String? {
        if let name = Self.keysOfSections[section]?[key] { return "the key is \(name)" }
        guard let entry = Self.keys.first(where: { $0.names.contains(key) }) else { return nil }
        guard let path = entry.path else { return entry.remark }
        let name = path.split(separator: ".").last.map(String.init) ?? path
        var here = known.contains(name) ? name : path
        if here == path, !section.isEmpty {
            // A method's key is suggested in its own section alone.
            if path.hasPrefix("adapter.") { return Self.remedy(forKeyOfOthers: name, in: section) }
            if section == "head" { here = path.replacing("stages.adapter.", with: "stages.head.") }
        }
        return "the key is \(here)" + (entry.remark.map { ", \($0)" } ?? "")
    }

    /// The remedy for a key that the section's method does not have: the methods that have it; nil in a
    /// section of another kind.
    private static func remedy(forKeyOfOthers key: String, in section: String) -> String? {
        let owners = AdapterTable.all.filter { $0.settings.contains { $0.key == key } }.map { $0.name }
        guard section.prefix(while: { $0.isLetter }) == "adapter",
            let method = owners.first(where: { $0 == LoRA.name }) ?? owners.first
        else { return nil }
        let list = (owners.dropLast(2) + [owners.suffix(2).joined(separator: " and ")]).joined(
            separator: ", ")
        return "it is \(key), a key of \(list), not of this method; choose another: --set adapter=\(method)"
    }

    /// Names that mean something else in some section than at the top.
    private static let keysOfSections = [
        "batch": ["size": "examples"], "checkpoint": ["steps": "every"], "evaluation": ["steps": "every"],
    ]

    package func remedy(forValue value: String, allowed: [String]) -> String? {
        guard let names = Self.values[value], names.allSatisfy(allowed.contains) else { return nil }
        return "here it is \(names.joined(separator: ", "))"
    }

    package static let keys: [Key] = [
        // Adapters.
        Key("peft_type adapter_type", "adapter.method"),
        Key("r lora_r", "adapter.rank"),
        Key("lora_alpha alpha", "adapter.alpha"),
        Key("rank", "adapter.rank"),
        Key("target_modules targets", "adapter.targets"),
        Key("layers_to_transform layers", "adapter.layers"),
        Key(
            "size bottleneck bottleneck_size bottleneck_dim adapter_size non_linearity_size",
            "adapter.bottleneck"),
        Key("reduction_factor", "adapter.bottleneck", "the backbone's width divided by reduction_factor"),
        Key("non_linearity", "adapter.activation"),
        Key("num_virtual_tokens prefix_length", "adapter.length"),
        Key("init_lora_weights", nil, "LoRA begins with B = 0, so the first outputs are the backbone's"),
        Key("bias", nil, "biases are trained by hadamard and bitfit"),
        Key("lora_dropout adapter_dropout", nil, "adapters have no dropout of their own"),
        Key(
            "modules_to_save", nil,
            "heads are always saved, and stages.adapter.trainHead trains them with the adapter; a method's "
                + "norm key adds LayerNorms"),
        // Model, tasks and data.
        Key(
            "model model_name model_name_or_path pretrained_model_name_or_path base_model_name_or_path",
            "backbone", "a Hugging Face folder, or a model in its cache: hf:ORG/NAME"),
        Key("tokenizer tokenizer_name", nil, "the tokenizer is read from the backbone's folder"),
        Key("task task_name dataset dataset_name", "tasks", "a list: GLUE's names, or tasks of your own"),
        Key("data_dir dataset_dir", "data"),
        Key("train_file validation_file test_file", "tasks", "with train, dev and test for each task"),
        Key(
            "max_seq_length max_seq_len max_length model_max_length maxLength", "maximumTokens"),
        Key(
            "padding pad_to_max_length group_by_length", nil,
            "sequences are packed, so nothing is padded"),
        Key("num_labels id2label", "tasks", "with labels for each task of your own"),
        Key("pooling_mode pooling", "head.pooling"),
        Key("classifier_dropout", "head.dropout"),
        Key("hidden_dropout_prob", "dropout.hidden"),
        Key("attention_probs_dropout_prob", "dropout.attention"),
        // Optimization.
        Key("lr learning_rate learningRate", "stages.adapter.learningRate"),
        Key("lr_scheduler lr_scheduler_type scheduler schedule", "stages.adapter.schedule"),
        Key("epochs num_epochs max_epochs num_train_epochs", "stages.adapter.epochs"),
        Key("steps num_steps max_steps", "stages.adapter.steps"),
        Key("warmup warmup_ratio", "stages.adapter.warmup"),
        Key("warmup_steps", "stages.adapter.warmup", "a share of the stage's steps, such as 0.06"),
        Key("weight_decay weightDecay", "optimizer.weightDecay"),
        Key("adam_beta1", "optimizer.beta1"),
        Key("adam_beta2", "optimizer.beta2"),
        Key("adam_epsilon", "optimizer.epsilon"),
        Key("max_grad_norm gradient_clip_val", "optimizer.clip"),
        Key("optim", nil, "AdamW is the only optimizer"),
        Key(
            "batch_size batchSize train_batch_size per_device_train_batch_size", "batch.examples",
            "the examples of a step over all ranks"),
        Key(
            "gradient_accumulation_steps", "batch.microBatch",
            "the examples that a rank computes at once; batch.examples is the whole step"),
        Key(
            "eval_batch_size per_device_eval_batch_size", nil,
            "evaluation chooses its own batches"),
        // Evaluation and checkpoints.
        Key("eval_steps evaluation_strategy eval_strategy", "evaluation.every", "a number of steps"),
        Key("early_stopping_patience patience", "evaluation.patience"),
        Key("load_best_model_at_end", "evaluation.keep", "best by default"),
        Key(
            "metric_for_best_model metrics", "tasks",
            "with metrics for each task of your own; the score is their mean"),
        Key("save_steps save_strategy", "checkpoint.every", "a number of steps"),
        Key("save_total_limit", "checkpoint.keep"),
        Key("data_seed random_seed", "seed"),
        // Handled elsewhere.
        Key("output_dir output run_name", nil, "the run directory is an option of train: --output"),
        Key("overwrite_output_dir", nil, "a run is never overwritten; choose another --output"),
        Key("do_train do_eval do_predict", nil, "hadamesh has a command for each: train, evaluate, predict"),
        Key(
            "resume_from_checkpoint", nil, "train --resume resumes from the newest checkpoint of the run"),
        Key(
            "fp16 bf16 torch_dtype dtype precision", "arithmetic",
            "float32, or bfloat16 for products with the frozen encoder's maps"),
        Key("device no_cuda use_cpu n_gpu", nil, "training runs on processors, on one core for each rank"),
        Key(
            "local_rank num_processes dataloader_num_workers num_workers", nil,
            "start ranks with launch/local -n N or mpirun -n N"),
        Key("gradient_checkpointing", nil, "activations are few: backward stops at the lowest adapter"),
        Key(
            "logging_steps logging_dir report_to", nil,
            "every step is in the run's journal.jsonl and its TensorBoard file"),
    ]

    package static let values: [String: [String]] = [
        // Linear maps.
        "q_proj": ["query"], "query_proj": ["query"], "q_lin": ["query"], "q": ["query"],
        "k_proj": ["key"], "key_proj": ["key"], "k_lin": ["key"], "k": ["key"],
        "v_proj": ["value"], "value_proj": ["value"], "v_lin": ["value"], "v": ["value"],
        "o_proj": ["projection"], "out_proj": ["projection"], "out_lin": ["projection"],
        "attention.output.dense": ["projection"],
        "query_key_value": ["query", "key", "value"], "qkv_proj": ["query", "key", "value"],
        "c_attn": ["query", "key", "value"],
        "intermediate.dense": ["intermediate"], "fc1": ["intermediate"], "up_proj": ["intermediate"],
        "output.dense": ["output"], "fc2": ["output"], "down_proj": ["output"],
        "all-linear": ["query", "key", "value", "projection", "intermediate", "output"],
        // Methods.
        "seq_bn": ["pfeiffer"], "double_seq_bn": ["houlsby"], "par_bn": ["parallel"],
        "prefix_tuning": ["prefix"], "prefix-tuning": ["prefix"], "PREFIX_TUNING": ["prefix"],
        "LN_TUNING": ["layernorm"],
        // Arithmetic.
        "bf16": ["bfloat16"], "fp32": ["float32"], "f32": ["float32"], "float": ["float32"],
        // Splits of data.
        "validation": ["dev"], "valid": ["dev"], "val": ["dev"], "eval": ["dev"], "ax": ["diagnostic"],
        "validation_matched": ["dev_matched"], "validation_mismatched": ["dev_mismatched"],
        // Schedules.
        "constant_with_warmup": ["constant"], "cosine_with_restarts": ["cosine"],
    ]
}
