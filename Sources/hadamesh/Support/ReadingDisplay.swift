import Diagnostics
import Formats
import Runs
import Training

/// Shows how many examples are tokenized and then predicted, or how much of an evaluation is done, with the
/// time left.
final class ReadingDisplay: ReadingObserver, RunObserver {
    private let status: StatusLine
    private let work: WorkStatus
    private let isPredicting: Bool
    private var subject = ""
    /// The subject's place among all, if there are several.
    private var place = ""

    /// An evaluation scores all tasks at once; `predicting` takes one subject after another.
    init(_ status: StatusLine, predicting: Bool = false) {
        (self.status, isPredicting) = (status, predicting)
        work = WorkStatus(status)
    }

    /// Begins the work on a task or a file, the `number`th of `count`.
    func begin(_ subject: String, _ number: Int = 1, of count: Int = 1) {
        self.subject = subject
        place = count > 1 ? "; \(number) of \(count)" : ""
    }

    func reading(_ task: String, _ number: Int, of count: Int) {
        begin(task, number, of: count)
        status.begin()
        status.show { "reading \(subject)\(place)" }
    }

    func tokenized(_ done: Int, of total: Int) {
        work.show("tokenizing \(subject)", done, of: total, note: place)
    }

    func warned(_ failure: Failure) { status.say(wrapping: "warning: \(failure)", isUrgent: true) }

    func observe(_ event: RunEvent) throws {
        guard case .evaluating(let done, let total) = event else { return }
        if isPredicting {
            work.show("predicting \(subject)", done, of: total, note: place)
        } else {
            work.show("evaluating", done, of: total)
        }
    }
}
