"""The bus between ingests and API replicas, over NATS JetStream."""
