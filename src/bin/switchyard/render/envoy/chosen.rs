//! Filters of an attempt that run for some requests only.

use crate::render::text::indent;

/// The configuration of a filter that is skipped where the predicate does not hold. `predicate`: the lines of a
/// `SinglePredicate`; `filter`: the name of the filter's kind; `config`: the lines of its own configuration.
pub(super) fn only_where(predicate: &str, filter: &str, config: &str) -> String {
    let (predicate, config) = (indent(14, predicate), indent(6, config));
    format!(
        r#"typed_config:
  "@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
  extension_config:
    name: {filter}
    typed_config:
{config}  xds_matcher:
    matcher_list:
      matchers:
      - predicate:
          not_matcher:
            single_predicate:
{predicate}        on_match:
          action:
            name: skip
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter
"#
    )
}
