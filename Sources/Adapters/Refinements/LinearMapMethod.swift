import Diagnostics
package import Encoders

/// A method that changes linear maps, and folds the change into their W and b when merged.
package protocol LinearMapMethod: AdapterMethod {
    /// The layers whose maps are changed.
    var layers: LayerSet { get }

    /// The maps whose W or b merging changes. A stack can be merged if no two of its methods share one in a
    /// layer.
    var mergedMaps: Set<Site> { get }

    /// The maps that it computes with a W of its own; no two methods of a stack may share one in a layer.
    /// None by default.
    var replacedMaps: Set<Site> { get }

    /// Folds the parameters into a copy of the backbone that already has the trained backbone tensors.
    ///
    /// Does nothing by default. Called only if ``AdapterMethod/mergeability`` is exact.
    func merge(_ parameters: BoundParameters, into merged: MergedWeights)
}

extension LinearMapMethod {
    package var replacedMaps: Set<Site> { [] }
    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}
}
