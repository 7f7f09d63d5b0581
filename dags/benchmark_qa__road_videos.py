"""The two Dags of the campaign ``include/campaigns/road_videos.yaml``."""

from __future__ import annotations

from benchmark_qa_wiring.campaign_dag import campaign_dag
from benchmark_qa_wiring.loop_dag import loop_dag
from include.benchmark_qa.campaign import load_campaign

# Airflow looks for the words "airflow" and "dag" in a file before it reads it.
campaign = load_campaign("road_videos")

campaign_dag(campaign)
loop_dag(campaign)
