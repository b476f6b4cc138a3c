/**
 * The predefined security policies (Application Load Balancers user guide, page "Security policies for your Application Load Balancer", and the page of
 * the same name for Network Load Balancers, which alone has `ELBSecurityPolicy-2015-05`). One that AWS adds later is refused until it is added here: a name
 * that is not known would be taken for a policy by nobody but AWS, after the listener of everybody was changed.
 */
export const SSL_POLICIES: ReadonlySet<string> = new Set(
  [
    ["2015-05", "2016-08"],
    ["TLS-1-1-2017-01", "TLS-1-2-2017-01", "TLS-1-2-Ext-2018-06"],
    ["FS-2018-06", "FS-1-1-2019-08", "FS-1-2-2019-08", "FS-1-2-Res-2019-08", "FS-1-2-Res-2020-10"],
    named("2021-06", ["1-0", "1-1", "1-2", "1-2-Ext1", "1-2-Ext2", "1-2-Res", "1-3"]),
    named("PQ-2025-09", ["1-0", "1-2", "1-2-Ext1", "1-2-Ext2", "1-2-Res", "1-3"]),
    named("FIPS-2023-04", ["1-0", "1-1", "1-2", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2", "1-2-Res", "1-3"]),
    named("FIPS-PQ-2025-09", ["1-0", "1-2", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2", "1-2-Res", "1-3"]),
    named("FIPS-2023-07", ["1-2-RFC9151", "1-2-Ext0-RFC9151", "1-3-RFC9151"]),
    named(
      "FIPS-2023-07",
      [1, 2, 3, 4].map((at) => `1-2-RFC9151-INTEROP${at}`),
    ),
  ]
    .flat()
    .map((name) => `ELBSecurityPolicy-${name}`),
);

function named(suffix: string, versions: readonly string[]): readonly string[] {
  return versions.map((version) => `TLS13-${version}-${suffix}`);
}
