package import Adapters
package import Encoders
package import Kernels

extension AdaptedModel {
    /// α [T] of every token of a batch, by layer, without dropout; nil if the method shifts no tokens.
    package func tokenShifts(
        _ batch: PackedBatch, task: String? = nil, _ layout: ParameterLayout, values: UnsafePointer<Float>,
        _ workspace: Workspace
    ) -> [Int: [Float]]? {
        let parameters = BoundParameters(layout, values: values, gradient: nil)
        guard let shifts = TokenShifts(parameters) else { return nil }
        workspace.reset()
        let adaptation = StackedAdaptation([bound.hooks(parameters, HookContext(task: task)), shifts])
        _ = encoder().forward(batch, adaptation, workspace)
        return shifts.values
    }
}
