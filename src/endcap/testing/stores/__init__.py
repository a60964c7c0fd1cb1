"""What every back end of :mod:`endcap.stores.ports` must do. A plug-in's tests inherit it::

class TestMyStores(HomeContract):
    @pytest.fixture
    def home(self, tmp_path):
        home = open_my_home(tmp_path)
        yield home
        home.close()
"""

from endcap.testing.stores.home import HomeContract

__all__ = ["HomeContract"]
