package import Formats
import Runs

extension Comparison {
    /// The table, without a final line feed.
    ///
    /// A text table is at most `width` characters wide, if possible, in several blocks if necessary.
    package func table(
        _ format: TableFormat = .text, content: ComparisonContent = .standard,
        width: Int = .max
    ) throws -> String {
        let (table, notes) = try tables(content)
        let baseline = try baseline(content)
        let entries = ComparisonLine("entry", groups.map { .text($0.name) })
        let exact = [entries] + lines(content, baseline)
        return try TableReport([.init(nil, table, exact: exact.exactTable)], notes: notes)
            .text(format, width: width, json: ComparisonReport(self, baseline: baseline))
    }

    /// The table for readers, and the notes below it.
    func tables(_ content: ComparisonContent) throws -> (table: TextTable, notes: [String]) {
        let baseline = try baseline(content)
        let all = lines(content, baseline)
        let shown = all.filter { content.showsConstants || !$0.isOmittedIfConstant || $0.constant == nil }
        let left = all.filter { line in !shown.contains { $0.name == line.name } }
        return (
            TextTable(oriented(rows(shown)), numbers: true), notes(all, leftOut: left, baseline)
        )
    }

    /// The entry to which differences are shown; nil for none.
    func baseline(_ content: ComparisonContent) throws -> RunGroup? { try content.baseline.map(entry) }

    private func lines(_ content: ComparisonContent, _ baseline: RunGroup?) -> [ComparisonLine] {
        var lines = [
            ComparisonLine("method", methods.map { .text($0) }),
            ComparisonLine(
                "seeds", groups.map { .number(Double($0.runs.count), digits: 0) }, isOmittedIfConstant: true),
            ComparisonLine(
                "scored on", groups.map { .text(splits(of: $0)) }, isOmittedIfConstant: true),
        ]
        if content.showsMetrics {
            lines += metricNames.map { name in
                ComparisonLine(self.name(of: name), groups.map { .spread($0.metric(name)) })
            }
        } else {
            lines += tasks.map { task in ComparisonLine(task, groups.map { .spread($0.score(task)) }) }
        }
        // Means over different tasks say nothing about the entries.
        let mean = commonTasks == tasks || commonTasks.isEmpty ? "mean" : "mean of \(list(commonTasks))"
        lines.append(ComparisonLine(mean, groups.map { .spread($0.mean(of: commonTasks)) }))
        if groups.count > 1, commonTasks.count > 1 {
            lines.append(
                ComparisonLine(Self.meanRank, meanRanks.map { .number($0, digits: 2) }))
        }
        if let baseline {
            func others(_ value: (RunGroup) -> PairedDifference?) -> [PairedDifference?] {
                groups.map { $0.name == baseline.name ? nil : value($0) }
            }
            for (name, tasks) in tasks.map({ ($0, [$0]) }) + [(mean, commonTasks)] {
                let differences = others { $0.difference(from: baseline, in: tasks) }
                lines.append(ComparisonLine("Δ \(name)", differences.map { .difference($0) }))
            }
            lines.append(
                ComparisonLine(
                    Self.relativeGain,
                    others { $0.relativeGain(over: baseline, in: commonTasks) }
                        .map { .difference($0, digits: 2) }))
        }
        let ways = groups.map { $0.runs[0].results.sharedGradients?.rawValue }
        if content.facts == nil, ways.contains(where: { $0 != nil }) {
            lines.append(
                ComparisonLine(
                    "shared gradients", ways.map { .text($0 ?? "–") }, isOmittedIfConstant: true))
        }
        for fact in content.facts ?? ComparisonColumn.all {
            let values = groups.map { $0.fact(fact) }
            if content.facts == nil, !content.showsConstants, values.allSatisfy({ $0 == nil }) { continue }
            lines.append(
                ComparisonLine(
                    fact.name, values.map { .number($0, digits: fact.digits ?? 0) },
                    isOmittedIfConstant: content.facts == nil))
        }
        return lines
    }

    private func notes(_ lines: [ComparisonLine], leftOut: [ComparisonLine], _ baseline: RunGroup?)
        -> [String]
    {
        var notes: [String] = []
        if !leftOut.isEmpty {
            let facts = leftOut.map { "\($0.name) \($0.constant ?? "–")" }.joined(separator: "; ")
            notes.append("The same for all (--all shows it in the table): \(facts).")
        }
        if groups.contains(where: { $0.runs.count > 1 }) {
            notes.append("±: the 95 % confidence interval of the mean over seeds, by Student's t.")
        }
        if commonTasks.isEmpty, tasks.count > 1 {
            notes.append("Mean: – because no task is scored by all entries.")
        }
        if lines.contains(where: { $0.name == Self.meanRank }) {
            notes.append("Mean rank: over tasks, the rank of an entry's score; 1 is the best.")
        }
        if let baseline {
            notes.append(
                "Δ: the difference from \(baseline.name)'s score, over the seeds that both have, with "
                    + "\(PairedDifference.intervalNote). Δm: the mean over tasks of the difference as a "
                    + "share of \(baseline.name)'s score; positive is better."
            )
        }
        if lines.contains(where: { $0.name == ComparisonColumn.bytesPerStep.name }) {
            notes.append(
                "Bytes per step: the most that one rank sent in a step. Gradients of shared parameters "
                    + "travel per task, to be compared, or summed, which saves bytes: rule sum, "
                    + "agreement off.")
        }
        return notes
    }

    /// The names of the methods, with the settings in which entries of one method differ.
    private var methods: [String] {
        groups.map { group in
            guard let method = group.runs[0].method else { return "–" }
            let alike = groups.compactMap { $0.runs[0].adapter }.filter { $0["method"]?.text == method }
            guard let own = group.runs[0].adapter else { return method }
            if let parts = own.list {
                return parts.map { $0["method"]?.text ?? "?" }.joined(separator: " + ")
            }
            let differing = own.members.entries.filter { entry in
                own["method"]?.text == method && alike.contains { $0.members[entry.name] != entry.value }
            }
            return ([method] + differing.map { "\($0.name)=\($0.value.text)" }).joined(separator: " ")
        }
    }

    private static let meanRank = "mean rank"
    private static let relativeGain = "Δm, %"

    private func splits(of group: RunGroup) -> String {
        group.splits.isEmpty ? "–" : EvaluationReport.label(ofSplits: group.splits)
    }

    /// The task and the metric, with the split of a task that is scored on several.
    private func name(of metric: FinishedRun.MetricName) -> String {
        let splits = Set(metricNames.filter { $0.task == metric.task }.map(\.split))
        return [metric.task, splits.count > 1 ? metric.split : nil, metric.metric].compactMap(\.self)
            .joined(separator: " ")
    }

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private func rows(_ lines: [ComparisonLine]) -> [[String]] {
        [[""] + groups.map(\.name)] + lines.map { [$0.name] + $0.values.map(\.text) }
    }

    /// With entries as columns, or as rows if they are many.
    private func oriented(_ rows: [[String]]) -> [[String]] {
        guard groups.count > Self.mostColumns else { return rows }
        return rows[0].indices.map { row in rows.map { $0[row] } }
    }
}
