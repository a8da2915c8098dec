import { beforeEach, describe, expect, it } from '@jest/globals';
import { clusterOf } from './clusters.ts';
import { ClusterMetrics } from './metrics.ts';
import { mapping } from './testing/objects.ts';

describe('the metrics of the clusters', () => {
  let metrics: ClusterMetrics;
  const lines = () => metrics.render().split('\n');

  beforeEach(() => {
    metrics = new ClusterMetrics();
    metrics.keep(['app_80', 'app_80', 'canary_80']);
  });

  it("count requests, their classes and their times under Envoy's names", () => {
    metrics.record('app_80', 200, 3);
    metrics.record('app_80', 204, 30);
    metrics.record('app_80', 500, 100_000);
    const name = 'envoy_cluster_name="app_80"';
    expect(lines()).toEqual(
      expect.arrayContaining([
        `envoy_cluster_upstream_rq_total{${name}} 3`,
        `envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",${name}} 2`,
        `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",${name}} 1`,
        `envoy_cluster_upstream_rq_time_bucket{${name},le="1"} 0`,
        `envoy_cluster_upstream_rq_time_bucket{${name},le="5"} 1`,
        `envoy_cluster_upstream_rq_time_bucket{${name},le="50"} 2`,
        `envoy_cluster_upstream_rq_time_bucket{${name},le="60000"} 2`,
        `envoy_cluster_upstream_rq_time_bucket{${name},le="+Inf"} 3`,
        `envoy_cluster_upstream_rq_time_sum{${name}} 100033`,
        `envoy_cluster_upstream_rq_time_count{${name}} 3`,
        'envoy_cluster_upstream_rq_total{envoy_cluster_name="canary_80"} 0',
      ]),
    );
    expect(metrics.render()).toMatch(/^# TYPE envoy_cluster_upstream_rq_total counter\n[^]*\n$/);
  });

  it('count a request that reached no endpoint by its status only', () => {
    metrics.record('app_80', 503);
    expect(lines()).toContain('envoy_cluster_upstream_rq_total{envoy_cluster_name="app_80"} 0');
    expect(lines()).toContain(
      'envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="app_80"} 1',
    );
  });

  it('go with a cluster, and begin anew when it comes back', () => {
    metrics.record('canary_80', 200, 1);
    metrics.keep(['app_80']);
    metrics.record('canary_80', 200, 1);
    expect(metrics.render()).not.toContain('canary_80');
    metrics.keep(['app_80', 'canary_80']);
    expect(lines()).toContain('envoy_cluster_upstream_rq_total{envoy_cluster_name="canary_80"} 0');
  });

  it('stay with a cluster that stays', () => {
    metrics.record('app_80', 200, 1);
    metrics.keep(['app_80']);
    expect(lines()).toContain('envoy_cluster_upstream_rq_total{envoy_cluster_name="app_80"} 1');
  });

  it('keep to the format whatever a cluster is called', () => {
    metrics.keep(['a"b\\c\nd']);
    expect(metrics.render()).toContain('envoy_cluster_upstream_rq_total{envoy_cluster_name="a\\"b\\\\c\\nd"} 0');
  });
});

describe("the name of a Mapping's cluster", () => {
  it.each([
    ['its service with underlines', 'default', { service: 'someapp-canary:80' }, 'someapp_canary_80'],
    ['with its namespace where that is another', 'shop', { service: 'someapp-canary:80' }, 'someapp_canary_shop_80'],
    ['without, when the service names one', 'shop', { service: 'someapp.other:80' }, 'someapp_other_80'],
    ['with the scheme', 'shop', { service: 'https://someapp' }, 'https___someapp_shop'],
    ['an address as it is', 'shop', { service: '127.0.0.1:9001' }, '127_0_0_1_9001'],
    ['its stats_name where it has one', 'shop', { stats_name: 'mine' }, 'mine'],
    ['the same in v2', 'shop', { v3StatsName: 'mine' }, 'mine'],
  ])('is %s', (_, namespace, spec, expected) => {
    expect(clusterOf(mapping('m', spec, { namespace }))).toBe(expected);
  });
});
