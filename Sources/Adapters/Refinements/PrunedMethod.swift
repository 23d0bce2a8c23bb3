import Diagnostics

/// A method whose prunable matrices are pruned once, before they are trained.
package protocol PrunedMethod: AdapterMethod {
    /// How the tensors with ``ParameterSlice/isPrunable`` are pruned.
    var pruning: Pruning { get }
}
