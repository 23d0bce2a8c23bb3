import Diagnostics
import Encoders
import Formats
import Kernels
package import Runs
package import Studies
package import Tasks
package import Tokenizers
package import Training

/// A task's tokenized examples: a training split and evaluation sets.
package struct TaskData: Sendable {
    /// The task.
    package let task: any LanguageTask
    /// The training split; without examples if they are only scored on other splits.
    package let train: TokenizedExamples
    /// The examples of the training split that are trained on: all but those held out.
    package let trainingIndices: [Int]
    /// The evaluation sets, in the order of the task's splits.
    package let evaluationSets: [EvaluationSet]
    /// Lines that the task's format allows to be skipped, by file.
    package let skippedLines: [RunFacts.SkippedLines]

    /// The splits of a task that are read.
    package enum Splits: Sendable {
        /// Those that a run trains on and those that it is scored on.
        case ofRun
        /// Those that scores are computed on: one split, or the task's evaluation sets.
        case scored(on: Split?)

        /// The split in place of the task's evaluation sets.
        fileprivate var chosen: Split? {
            if case .scored(let split) = self { split } else { nil }
        }
    }

    /// The examples that a score is computed on.
    package struct EvaluationSet: Sendable {
        package let split: Split
        /// All examples of the split.
        package let examples: TokenizedExamples
        /// The examples in the set.
        package let indices: [Int]
    }

    /// Reads and tokenizes a task's splits.
    ///
    /// With a held-out share, the evaluation set is a part of the training split that is not trained on. The
    /// part is a function of the task and the example alone, so studies with other seeds are scored on the
    /// same examples.
    package init(
        _ task: any LanguageTask, _ study: Study, _ texts: TokenizedTexts, reading splits: Splits = .ofRun,
        reportingTo observer: (any ReadingObserver)? = nil
    ) throws {
        var skippedLines: [RunFacts.SkippedLines] = []
        func read(_ split: Split) throws -> TokenizedExamples {
            let file = try texts.file { try task.read(split, in: study.data) }
            if !file.droppedLines.isEmpty {
                skippedLines.append(RunFacts.SkippedLines(file: file.path, lines: file.droppedLines))
            }
            return try texts.examples(
                of: file, name: "\(task.name)/\(split.rawValue)", reportingTo: observer)
        }
        self.task = task
        let holdsOut = splits.chosen == nil && study.evaluation.heldOut > 0
        let evaluationSplits = holdsOut ? [.train] : splits.chosen.map { [$0] } ?? task.evaluationSplits
        let train =
            switch splits {
            case .scored where !evaluationSplits.contains(.train): try texts.none(name: task.name)
            default: try read(.train)
            }
        self.train = train
        if holdsOut {
            let random = CounterRandom(seed: 0, .heldOut, FNV1a.hash(task.name))
            let isHeldOut = (0..<train.count).map { random.uniform(UInt64($0)) < study.evaluation.heldOut }
            trainingIndices = (0..<train.count).filter { !isHeldOut[$0] }
            let heldOut = (0..<train.count).filter { isHeldOut[$0] }
            guard !trainingIndices.isEmpty, !heldOut.isEmpty else {
                throw Failure.usage(
                    "\(study.evaluation.heldOut) of \(task.name)'s \(train.count) training examples leaves "
                        + "none to " + (trainingIndices.isEmpty ? "train" : "score") + " on",
                    at: "evaluation.heldOut")
            }
            evaluationSets = [EvaluationSet(split: .train, examples: train, indices: heldOut)]
        } else {
            trainingIndices = Array(0..<train.count)
            evaluationSets = try evaluationSplits.map { split in
                let examples = try split == .train ? train : read(split)
                guard examples.targets.allSatisfy({ $0 != nil }) else {
                    throw Failure.usage(
                        "the \(split.rawValue) split of \(task.name) has no labels to score on",
                        remedy: "use hadamesh predict --split \(split.rawValue)")
                }
                return EvaluationSet(split: split, examples: examples, indices: Array(0..<examples.count))
            }
        }
        self.skippedLines = skippedLines
    }

    /// Reads and tokenizes the splits of several tasks; a collective of the ranks that share `memory`.
    package static func all(
        _ tasks: [any LanguageTask], _ study: Study, _ tokenizer: any Tokenizer,
        reading splits: Splits = .ofRun, in memory: any TokenMemory = PrivateTokens(),
        reportingTo observer: (any ReadingObserver)? = nil
    ) throws -> [TaskData] {
        let texts = TokenizedTexts(study, tokenizer, in: memory)
        let data = try tasks.enumerated().map { index, task in
            observer?.reading(task.name, index + 1, of: tasks.count)
            return try TaskData(task, study, texts, reading: splits, reportingTo: observer)
        }
        if let refusal = memory.refusal { observer?.warned(refusal) }
        return data
    }

    /// A copy with at most the first `examples` examples for training and in each evaluation set.
    package func limited(to examples: Int) -> TaskData {
        TaskData(
            task: task, train: train, trainingIndices: Array(trainingIndices.prefix(examples)),
            evaluationSets: evaluationSets.map {
                EvaluationSet(
                    split: $0.split, examples: $0.examples, indices: Array($0.indices.prefix(examples)))
            }, skippedLines: skippedLines)
    }

    private init(
        task: any LanguageTask, train: TokenizedExamples, trainingIndices: [Int],
        evaluationSets: [EvaluationSet],
        skippedLines: [RunFacts.SkippedLines]
    ) {
        self.task = task
        self.train = train
        self.trainingIndices = trainingIndices
        self.evaluationSets = evaluationSets
        self.skippedLines = skippedLines
    }

    /// A checksum of the tokens and targets of all examples that are trained or scored on.
    var fingerprint: Int {
        var checksum = CRC32C()
        // Held-out examples are part of the training split.
        for split in [train] + evaluationSets.filter({ $0.split != .train }).map(\.examples) {
            withUnsafeBytes(of: split.fingerprint) { checksum.update($0) }
            for target in split.targets {
                switch target {
                case .label(let label): withUnsafeBytes(of: label) { checksum.update($0) }
                case .value(let value): withUnsafeBytes(of: value) { checksum.update($0) }
                case nil: break
                }
            }
        }
        return Int(checksum.value)
    }
}

/// The relative cost of computing examples: products per token, attention per pair of tokens.
package func cost(of examples: some Sequence<Int>, in tokenized: TokenizedExamples) -> Double {
    examples.reduce(0) { total, example in
        let tokens = Double(tokenized.tokens(example))
        return total + tokens + tokens * tokens / 1024
    }
}
