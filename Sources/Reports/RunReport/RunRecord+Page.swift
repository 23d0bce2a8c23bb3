import Diagnostics
import Formats
import Runs

extension RunRecord {
    /// The parts of a page that show one run.
    var blocks: [PageBlock] {
        learning + tasksTogether + adapters + cost
            + [
                .heading("Settings"),
                .folded(
                    "the run's identity: study, data, backbone",
                    [StudyKeys.table([(name, keys)]).map { .table($0) }].compactMap(\.self)),
            ] + reproduction
    }

    private var learning: [PageBlock] {
        let marks = curves.stages
        let figures = [
            LineChart(title: "Loss before each update", x: "step", curves: curves.losses, marks: marks),
            LineChart(title: "Scores at evaluations", x: "step", curves: curves.scores, marks: marks),
            LineChart(title: "Norm of the gradient", x: "step", curves: [curves.gradientNorm], marks: marks),
        ].compactMap(\.figure)
        return figures.isEmpty ? [] : [.heading("Learning")] + figures.map { .figure($0) }
    }

    private var tasksTogether: [PageBlock] {
        let shares = results.stages.map { stage in
            BarChart(
                title: "Shares of examples, \(stage.stage) stage", series: ["asked", "drawn"],
                bars: stage.drawn.entries.map {
                    BarChart.Bar(name: $0.name, values: [$0.value.requested, $0.value.realised])
                })
        }.filter { $0.bars.count > 1 }
        let overTime = LineChart(title: "Shares of examples so far", x: "step", curves: curves.shares)
        let weights = LineChart(
            title: "Weights of the combination rule", x: "step", curves: curves.weights,
            marks: curves.stages)
        let figures =
            shares.map(\.figure) + [shares.isEmpty ? nil : overTime.figure, weights.figure]
            + results.stages.flatMap(agreement)
        let shown = figures.compactMap(\.self)
        return shown.isEmpty ? [] : [.heading("Tasks together")] + shown.map { .figure($0) }
    }

    private func agreement(_ stage: StageResult) -> [Figure?] {
        guard let agreement = stage.agreement else { return [] }
        func panels(_ value: (TaskAgreement.Part) -> [[Double?]]) -> [HeatMap.Panel] {
            agreement.whole.parts.map { HeatMap.Panel(name: $0.name, values: value($0)) }
        }
        return [
            HeatMap(
                title: "Cosine of the tasks' gradients, \(stage.stage) stage", names: agreement.tasks,
                panels: panels(\.cosine)
            ).figure,
            HeatMap(
                title: "The same without the noise of small batches, \(stage.stage) stage",
                names: agreement.tasks, panels: panels(\.correctedCosine)
            ).figure,
        ]
    }

    /// How far the adapters moved, and how alike tasks' changes are.
    private var adapters: [PageBlock] {
        guard let changes = results.adapterChanges else { return [] }
        let rows = changes.parts.map { part in
            [part.name] + part.norms.map { TextTable.number($0, digits: 4) }
        }
        let apart = changes.parts.filter { $0.cosines.joined().contains { $0 != nil } }
        let cosines = HeatMap(
            title: "Cosine of the changes of the tasks' adapters", names: changes.tasks,
            panels: apart.map { HeatMap.Panel(name: $0.name, values: $0.cosines) }
        ).figure
        return [
            .heading("Adapters"), .paragraph("The Euclidean norm of each task's change from the start."),
            .table(TextTable([["part"] + changes.tasks] + rows, numbers: true)),
        ] + (apart.isEmpty ? [] : [cosines].compactMap(\.self).map { .figure($0) })
    }

    private var cost: [PageBlock] {
        let rows = curves.stageCosts.map { cost in
            [
                cost.stage.rawValue, "\(cost.seconds.count)", milliseconds(cost.seconds.median ?? 0),
                milliseconds(cost.quantile(0.9)), milliseconds(cost.quantile(0.99)),
                milliseconds(cost.seconds.last ?? 0), TextTable.number(cost.tokens, digits: 0),
                TextTable.number(100 * cost.waiting, digits: 1), TextTable.number(cost.bytes, digits: 0),
            ]
        }
        let heads = [
            "stage", "steps", "median, ms", "90 %, ms", "99 %, ms", "longest, ms", "tokens per second",
            "waiting, %", "bytes per step",
        ]
        let table: [PageBlock] = rows.isEmpty ? [] : [.table(TextTable([heads] + rows, numbers: true))]
        let balance = results.balance.map { [PageBlock.paragraph($0.line)] } ?? []
        let blocks = table + balance + strips.map { .figure($0.figure) }
        return blocks.isEmpty ? [] : [.heading("Time and ranks")] + blocks
    }

    private func milliseconds(_ seconds: Double) -> String {
        TextTable.number(1000 * seconds, digits: seconds < 0.01 ? 2 : 0)
    }

    private var reproduction: [PageBlock] {
        let arithmetic = (results.arithmetic ?? []).map(\.words).joined(separator: ", then ")
        let rows = starts.enumerated().map { number, start in
            ["\(number + 1)"] + start.cells
        }
        let table = TextTable([["start"] + RunStart.heads] + rows)
        return [
            .heading("How to reproduce"),
            .paragraph(
                "The same study, data and backbone give the same bits on any number of ranks"
                    + (arithmetic.isEmpty ? "." : ", with \(arithmetic).")),
        ] + (rows.isEmpty ? [] : [.table(table)])
            + [
                .code(
                    "mpirun -n RANKS hadamesh train study.yaml --output RUN\n"
                        + "mpirun -n RANKS hadamesh verify \(directory.path) --output certificate.json"),
                .folded("study.yaml", [.code(study)]),
            ]
            + (citations.isEmpty
                ? [] : [.folded("how to cite its methods, in BibTeX", [.code(citations)])])
    }
}
