// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/allocation.h"

#include <algorithm>

#include "absl/numeric/int128.h"
#include "lib/model/limits.h"

namespace embatch {
namespace {

// Source: EC2 "Spot Instance Advisor" (<5 %, 5-10 %, ... , >20 %).
constexpr int32_t kRiskBandPerMillion = 50000;
constexpr int32_t kRiskBands = 5;

int64_t PriceOf(const EnvironmentRecord& environment,
                const InstanceType& type) {
  return environment.config.is_spot() &&
                 type.spot_price_microdollars_per_hour > 0
             ? type.spot_price_microdollars_per_hour
             : type.price_microdollars_per_hour;
}

int32_t RiskBand(const InstanceType& type) {
  return std::clamp(type.interruptions_per_million / kRiskBandPerMillion, 0,
                    kRiskBands - 1);
}

absl::uint128 Product(int64_t a, int64_t b) {
  return absl::uint128(static_cast<uint64_t>(a)) * static_cast<uint64_t>(b);
}

// Source: API ComputeResource.bidPercentage ("must be less than").
bool IsWithinBid(const EnvironmentRecord& environment,
                 const InstanceType& type) {
  if (!environment.config.is_spot() ||
      type.spot_price_microdollars_per_hour <= 0) {
    return true;
  }
  const int bid =
      environment.config.options().compute_resources->bid_percentage.value_or(
          kBidPercentageDefault);
  return Product(type.spot_price_microdollars_per_hour, 100) <
         Product(type.price_microdollars_per_hour, bid);
}

bool CouldHold(const EnvironmentRecord& environment, const TypeRecord& type,
               const Requirement& need) {
  if (!type.offered || type.type.resources.vcpu_milli <= 0 ||
      !need.FitsIn(type.type.resources) || !need.AllowsType(type.type.name)) {
    return false;
  }
  return environment.config.options().compute_resources->may_pass_max_vcpus() ||
         type.type.resources.vcpu_milli <= environment.max_vcpu_milli();
}

// One member decides: below 0 if that of `a` is better.
template <typename T>
int Smaller(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

class Order {
 public:
  explicit Order(const EnvironmentRecord& environment)
      : environment_(environment),
        strategy_(environment.config.options().compute_resources->strategy()) {}

  bool IsBetter(const InstanceType& a, const InstanceType& b) const {
    int answer = ByStrategy(a, b);
    if (answer == 0) {
      answer = Smaller(a.resources.vcpu_milli, b.resources.vcpu_milli);
    }
    if (answer == 0) {
      answer = Smaller(a.resources.memory_mib, b.resources.memory_mib);
    }
    return answer == 0 ? a.name < b.name : answer < 0;
  }

 private:
  int ByStrategy(const InstanceType& a, const InstanceType& b) const {
    switch (strategy_) {
      case AllocationStrategy::kBestFit:
      case AllocationStrategy::kBestFitProgressive:
        return ByPrice(a, b);
      case AllocationStrategy::kSpotCapacityOptimized: {
        const int answer = ByCapacity(a, b);
        return answer != 0 ? answer : ByPrice(a, b);
      }
      case AllocationStrategy::kSpotPriceCapacityOptimized: {
        int answer = Smaller(RiskBand(a), RiskBand(b));
        if (answer == 0) answer = ByPrice(a, b);
        return answer != 0 ? answer : ByCapacity(a, b);
      }
    }
    return 0;
  }

  // Of a vCPU; compared without dividing.
  int ByPrice(const InstanceType& a, const InstanceType& b) const {
    return Smaller(Product(PriceOf(environment_, a), b.resources.vcpu_milli),
                   Product(PriceOf(environment_, b), a.resources.vcpu_milli));
  }

  static int ByCapacity(const InstanceType& a, const InstanceType& b) {
    const int answer =
        Smaller(a.interruptions_per_million, b.interruptions_per_million);
    return answer != 0 ? answer : Smaller(b.spot_capacity, a.spot_capacity);
  }

  const EnvironmentRecord& environment_;
  AllocationStrategy strategy_;
};

template <typename Predicate>
uint32_t FirstOf(const EnvironmentRecord& environment, Predicate is_in) {
  const Order order(environment);
  uint32_t best = Fleet::kNone;
  for (uint32_t i = 0; i < environment.types.size(); ++i) {
    const TypeRecord& type = environment.types[i];
    if (!is_in(type)) continue;
    if (best == Fleet::kNone ||
        order.IsBetter(type.type, environment.types[best].type)) {
      best = i;
    }
  }
  return best;
}

}  // namespace

bool IsCandidate(const EnvironmentRecord& environment, const TypeRecord& type,
                 const Requirement& need) {
  return CouldHold(environment, type, need) &&
         IsWithinBid(environment, type.type);
}

uint32_t BestTypeFor(const EnvironmentRecord& environment,
                     const Requirement& need, int64_t now_ns) {
  const bool waits =
      environment.config.options().compute_resources->strategy() ==
      AllocationStrategy::kBestFit;
  const uint32_t best = FirstOf(environment, [&](const TypeRecord& type) {
    return (waits || type.back_off_until_ns <= now_ns) &&
           IsCandidate(environment, type, need);
  });
  return best != Fleet::kNone &&
                 environment.types[best].back_off_until_ns > now_ns
             ? Fleet::kNone
             : best;
}

uint32_t TypeInDemand(const EnvironmentRecord& environment,
                      const Requirement& need) {
  return FirstOf(environment, [&](const TypeRecord& type) {
    return CouldHold(environment, type, need);
  });
}

}  // namespace embatch
