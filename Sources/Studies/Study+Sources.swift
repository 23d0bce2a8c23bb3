import Adapters
import Combination
import Diagnostics
import Sampling
import Training

extension Study {
    /// The publications of the methods that this study uses, as their tables name them.
    package var sources: [String] {
        var sources = Self.sources(of: adapter.method)
        sources.append(type(of: combination.rule).source)
        sources.append(type(of: combination.weights).source)
        sources.append(type(of: sampler.sampler).source)
        if combination.smoothing.share > 0 {
            sources.append(
                "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and Beyond, 2022")
        }
        if optimizer.moments == .perTask { sources.append("Yang et al., AdaTask, 2023 (arXiv 2211.15055)") }
        return sources
    }

    private static func sources(of method: any AdapterMethod) -> [String] {
        let parts = (method as? any CompositeMethod)?.parts ?? []
        return [type(of: method).source] + parts.flatMap(sources)
    }
}
