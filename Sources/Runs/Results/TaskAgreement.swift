import Diagnostics

/// How far the gradients of tasks that share parameters agreed over a stage.
///
/// A matrix has a row and a column for each task, in the order of ``tasks``. An element is nil if the two
/// tasks share no parameter of the part, or if no step measured it.
package struct TaskAgreement: Codable, Sendable, Equatable {
    /// The study's tasks, in its order.
    package let tasks: [String]
    /// Over all steps of the stage.
    package let whole: Period
    /// Over each third of the stage's planned steps; a stage that ended early has empty ones.
    package let thirds: [Period]

    package init(tasks: [String], whole: Period, thirds: [Period]) {
        (self.tasks, self.whole, self.thirds) = (tasks, whole, thirds)
    }

    /// The means over some steps.
    package struct Period: Codable, Sendable, Equatable {
        /// The steps that two tasks took part in together; on the diagonal, those of a task.
        package let steps: [[Int]]
        /// All shared parameters first, then each kind, then each layer.
        package let parts: [Part]

        package init(steps: [[Int]], parts: [Part]) { (self.steps, self.parts) = (steps, parts) }

        /// All shared parameters; nil if tasks share none.
        package var all: Part? { parts.first { $0.kind == nil && $0.layer == nil } }
    }

    /// The agreement on a part of the shared parameters.
    package struct Part: Codable, Sendable, Equatable {
        /// `all`, a kind such as `weight`, or a layer such as `layer.3`.
        package let name: String
        /// The kind of its parameters, if the part is one kind.
        package let kind: String?
        /// The layer, from 0, if the part is one layer.
        package let layer: Int?
        /// The mean over steps of the cosine of two tasks' gradients.
        ///
        /// Noise in the gradients pulls it towards 0.
        package let cosine: [[Double?]]
        /// The cosine of the gradients without the noise of small batches.
        ///
        /// It is a ratio of means over pairs of examples of different micro-batches, and can exceed 1.
        package let correctedCosine: [[Double?]]
        /// Row i, column j: the share of task j's loss that gradient descent on task i takes off in a step.
        ///
        /// To first order it is the learning rate times the product of the gradients, over the loss of j; the
        /// mean over steps.
        package let affinity: [[Double?]]
        /// For each task, the number of examples at which a gradient's noise is as large as the gradient.
        package let noiseScale: [Double?]

        package init(
            name: String, kind: String?, layer: Int?, cosine: [[Double?]], correctedCosine: [[Double?]],
            affinity: [[Double?]], noiseScale: [Double?]
        ) {
            (self.name, self.kind, self.layer) = (name, kind, layer)
            (self.cosine, self.correctedCosine, self.affinity) = (cosine, correctedCosine, affinity)
            self.noiseScale = noiseScale
        }

        /// The means over all pairs of tasks that have a cosine; nil if none has.
        package var meanCosine: Double? { Self.mean(cosine) }
        package var meanCorrectedCosine: Double? { Self.mean(correctedCosine) }

        private static func mean(_ matrix: [[Double?]]) -> Double? {
            matrix.enumerated().flatMap { i, row in row.prefix(i).compactMap(\.self) }.mean
        }
    }
}
