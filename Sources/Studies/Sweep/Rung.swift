/// A part of a search: trials are trained up to a number of steps, and the better ones go on.
package struct Rung: Sendable, Equatable {
    /// Steps of the adapter stage; nil to the end of the study.
    package let steps: Int?
    /// The trials that go on to the next rung.
    package let survivors: Int

    package init(steps: Int?, survivors: Int) { (self.steps, self.survivors) = (steps, survivors) }
}

extension SweepSettings {
    /// The trials that the search must train to the end: those that `then` repeats, or one.
    private var finalists: Int { max(1, then?.best ?? 1) }

    /// The rungs of the search, the last of which trains to the end.
    ///
    /// After rung k, ⌊n / factorᵏ⁺¹⌋ of n trials go on, but never fewer than are wanted in the end
    /// (Jamieson & Talwalkar, AISTATS 2016; synchronous, so that no trial's fate depends on the ranks).
    package var rungs: [Rung] {
        var rungs: [Rung] = []
        var (left, steps) = (search.trials, search.first)
        while search.method == .halving, left > finalists {
            left = max(finalists, left / search.factor)
            rungs.append(Rung(steps: steps, survivors: left))
            let (next, overflow) = steps.multipliedReportingOverflow(by: search.factor)
            if overflow { break }
            steps = next
        }
        return rungs + [Rung(steps: nil, survivors: finalists)]
    }

    /// The numbers of the best of the trials with these metrics, best first; a trial whose metric is not
    /// finite is never among them.
    package static func ranked(_ scores: [Int: Double]) -> [Int] {
        scores.filter { $0.value.isFinite }.keys.sorted { first, second in
            let (one, two) = (scores[first] ?? 0, scores[second] ?? 0)
            return one == two ? first < second : one > two
        }
    }

    /// The trials to repeat with fresh seeds, best first within each value of `then.per`.
    package func winners(_ ranked: [Int], among trials: [Trial]) -> [Int] {
        guard let then else { return [] }
        // Random trials may have drawn the values of an earlier one, whose runs they would repeat.
        var known: Set<String> = []
        let ranked = ranked.filter { known.insert(trials[$0 - 1].text).inserted }
        guard let key = then.per else { return Array(ranked.prefix(then.best)) }
        var values: [String] = []
        for trial in trials {
            if let value = trial.value(of: key), !values.contains(value) { values.append(value) }
        }
        return values.flatMap { value in
            ranked.filter { trials[$0 - 1].value(of: key) == value }.prefix(then.best)
        }
    }
}
