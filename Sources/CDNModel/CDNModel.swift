// CDNModel: what a content delivery network keeps and what it fetches. Eviction and admission policies, cache tiers,
// and hot-title placement.
